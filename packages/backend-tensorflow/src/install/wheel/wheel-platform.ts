import type { InstallEnvironment } from "../install-environment.ts";

/** Returns the platform tags in a wheel's WHEEL file, or else in its file name. */
export function platformTags(wheelFile: string, fileName: string): readonly string[] {
  const tags = [...wheelFile.matchAll(/^Tag:[ \t]*(\S+)/gm)].map(([, tag]) => tag ?? "");
  // name-version(-build)?-python-abi-platform.whl; several platforms are joined by dots.
  const parts = (tags.length > 0 ? tags : [fileName.replace(/\.whl$/i, "")]).map((tag) => tag.split("-").at(-1) ?? "");
  return parts.flatMap((part) => part.split("."));
}

/** Whether code with this platform tag runs here. Compares operating system and processor, not versions. */
export function fitsPlatform(
  tag: string,
  { platform, architecture }: Pick<InstallEnvironment, "platform" | "architecture">,
): boolean {
  const system = platform === "darwin" ? /^macosx_/ : /^(many|musl)?linux/;
  const processors: Readonly<Record<string, RegExp>> = {
    x64: platform === "darwin" ? /_(x86_64|universal2|intel)$/ : /_x86_64$/,
    arm64: platform === "darwin" ? /_(arm64|universal2)$/ : /_aarch64$/,
  };
  return tag === "any" || (system.test(tag) && processors[architecture]?.test(tag) === true);
}

/** Returns the end of a suitable wheel's file name, for messages. */
export function wantedTag({ platform, architecture }: Pick<InstallEnvironment, "platform" | "architecture">): string {
  if (platform === "darwin") return `macosx_*_${architecture === "x64" ? "x86_64" : "arm64"}.whl`;
  return `manylinux_*_${architecture === "x64" ? "x86_64" : "aarch64"}.whl`;
}
