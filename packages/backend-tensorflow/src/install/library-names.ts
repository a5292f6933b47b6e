import { MlanError } from "@mlan/core";
import type { InstallEnvironment } from "./install-environment.ts";

/** The shared libraries of one distribution of TensorFlow, in link order. */
export type LibraryNames = readonly string[];

/**
 * Returns the file names of libtensorflow on a platform: first those in Python wheels, then those in the C library's
 * archive. Throws `unavailable` on a platform for which the binding cannot be built.
 */
export function libraryNames({ platform, architecture }: InstallEnvironment): readonly LibraryNames[] {
  if (!isSupported({ platform, architecture })) throw unsupported({ platform, architecture });
  const name = (part: string): string =>
    platform === "darwin" ? `libtensorflow${part}.2.dylib` : `libtensorflow${part}.so.2`;
  return [
    [name("_cc"), name("_framework")],
    [name(""), name("_framework")],
  ];
}

export function isSupported({
  platform,
  architecture,
}: Pick<InstallEnvironment, "platform" | "architecture">): boolean {
  return ["linux", "darwin"].includes(platform) && ["x64", "arm64"].includes(architecture);
}

/** The remedy on a platform without TensorFlow. */
export const ELSEWHERE = "Use trainer-cpu on this platform, or Linux (on Windows: WSL2) for TensorFlow.";

/** Returns the error for a platform for which the binding cannot be built. */
export function unsupported({
  platform,
  architecture,
}: Pick<InstallEnvironment, "platform" | "architecture">): MlanError {
  const message = `The TensorFlow backend supports Linux and macOS (x64, arm64), not ${platform} ${architecture}.`;
  return new MlanError("unavailable", `${message} ${ELSEWHERE}`);
}
