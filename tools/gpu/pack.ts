import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { bundle, packageFolder } from "./bundle.ts";
import { splitFile } from "./split-file.ts";

/** A little below 60 MB, so that a part and the script together stay within 60 MB. */
const PART_BYTES = 59_000_000;
/** Libraries that Node and ONNX Runtime need besides the C library, for machines that lack them. */
const RUNTIME_LIBRARIES = ["libstdc++.so.6", "libgcc_s.so.1"];
/** Libraries that NVIDIA's Vulkan driver loads even without a screen. Containers often lack them. */
const DRIVER_LIBRARIES = [
  "libX11.so.6",
  "libXext.so.6",
  "libxcb.so.1",
  "libXau.so.6",
  "libXdmcp.so.6",
  "libbsd.so.0",
  "libmd.so.0",
];
const SCRIPT = "unpack-and-check.sh";

/** Collects in `content` everything that the check needs on a bare Linux x64 machine. */
export async function collect(content: string): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      `the check can be packed only on its target platform, Linux x64; this is ${process.platform} ${process.arch}`,
    );
  rmSync(content, { recursive: true, force: true });
  mkdirSync(join(content, "bin"), { recursive: true });
  await bundle(join(content, "app"));
  copyFileSync(process.execPath, join(content, "bin", "node"));
  chmodSync(join(content, "bin", "node"), 0o755);
  for (const name of RUNTIME_LIBRARIES) copyLibrary(name, libraryOfSystem(name), content);
  unpackSwiftShader(content);
  const installed = librariesOfSystem();
  for (const name of DRIVER_LIBRARIES) {
    const file = installed.get(name);
    if (file) copyLibrary(name, file, content);
    else console.warn(`${name} is not installed here, so it is not packed; an NVIDIA driver may need it.`);
  }
}

/**
 * Packs `content` into `packed`: parts of at most 60 MB, and the script that joins them, which is last. Returns their
 * paths.
 */
export function pack(content: string, packed: string): readonly string[] {
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  const archive = join(packed, "gpu.tar.xz");
  const environment = { ...process.env, XZ_OPT: "-6 -T2" };
  execFileSync("tar", ["-cJf", archive, "-C", content, "."], { stdio: "inherit", env: environment });
  const parts = splitFile(archive, packed, "gpu.tar.xz", PART_BYTES);
  rmSync(archive);
  const script = join(packed, SCRIPT);
  copyFileSync(fileURLToPath(new URL(SCRIPT, import.meta.url)), script);
  chmodSync(script, 0o755);
  return [...parts, script];
}

/** Copies each library to its own folder, so that the machine's own libraries can replace them one by one. */
function copyLibrary(name: string, file: string, content: string): void {
  mkdirSync(join(content, "lib", name), { recursive: true });
  copyFileSync(file, join(content, "lib", name, name));
}

/** Returns the path of a library that this process has loaded. */
function libraryOfSystem(name: string): string {
  const mapped = readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .map((line) => line.slice(line.indexOf("/")))
    .find((path) => path.includes(`/${name}`));
  if (mapped === undefined) throw new Error(`this Node does not load ${name}; pack with a Node from nodejs.org`);
  return mapped;
}

/** Returns the paths of the machine's shared libraries by name. */
function librariesOfSystem(): ReadonlyMap<string, string> {
  const listed = execFileSync("/sbin/ldconfig", ["-p"], { encoding: "utf8" });
  const found = listed.matchAll(/^\s*(\S+) \(libc6,x86-64.*?\) => (\S+)$/gm);
  return new Map(Array.from(found, ([, name = "", file = ""]) => [name, file]));
}

/** Unpacks a software GPU and a Vulkan loader from the npm package @sparticuz/chromium. */
function unpackSwiftShader(content: string): void {
  const target = join(content, "lib", "swiftshader");
  mkdirSync(target, { recursive: true });
  const archive = join(packageFolder("@sparticuz/chromium"), "bin", "swiftshader.tar.br");
  const tar = join(target, "swiftshader.tar");
  writeFileSync(tar, brotliDecompressSync(readFileSync(archive)));
  execFileSync("tar", ["-xf", tar, "-C", target]);
  rmSync(tar);
  const loader = join(target, "libvulkan.so.1");
  if (!existsSync(loader)) throw new Error(`${archive} has no libvulkan.so.1`);
  copyLibrary("libvulkan.so.1", loader, content);
  rmSync(loader);
}
