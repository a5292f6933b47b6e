import koffi from "koffi";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { afterAll } from "vitest";

const PACKAGE = "@sparticuz/chromium";

/** koffi unloads a library whose handle is collected. */
let loader: object | undefined;

/**
 * Makes SwiftShader, a software GPU in the npm package @sparticuz/chromium, visible to Vulkan. Must be called before
 * ONNX Runtime searches for a GPU. Returns the reason if there is none for this platform. Throws if the package, a
 * devDependency, lacks it, because skipped tests would go unnoticed. With MLAN_WEBGPU=hardware in the environment it
 * does nothing, and the tests run on the machine's GPU.
 */
export function openSwiftShader(): string | undefined {
  if (process.env["MLAN_WEBGPU"] === "hardware") return undefined;
  if (process.platform !== "linux" || process.arch !== "x64") return "SwiftShader comes for Linux x64 only";
  const main = createRequire(import.meta.url).resolve(PACKAGE);
  const archive = join(main.slice(0, main.lastIndexOf(PACKAGE)), PACKAGE, "bin", "swiftshader.tar.br");
  const folder = mkdtempSync(join(tmpdir(), "swiftshader-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const { name, bytes } of filesOfTar(brotliDecompressSync(readFileSync(archive)))) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  process.env["VK_ICD_FILENAMES"] = join(folder, "vk_swiftshader_icd.json");
  // Dawn opens the library by name and then gets this one.
  loader = koffi.load(join(folder, "libvulkan.so.1"));
  return loader === undefined ? "the Vulkan loader cannot be loaded" : undefined;
}

/** Returns the regular files of an archive in the format of POSIX tar. */
function filesOfTar(tar: Buffer): { readonly name: string; readonly bytes: Buffer }[] {
  const BLOCK = 512;
  const files: { readonly name: string; readonly bytes: Buffer }[] = [];
  for (let start = 0; start + BLOCK <= tar.length && tar[start] !== 0;) {
    const name = tar.toString("utf8", start, start + 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(tar.toString("ascii", start + 124, start + 136), 8);
    const isFile = ["0", "\0"].includes(tar.toString("ascii", start + 156, start + 157));
    const data = start + BLOCK;
    if (isFile) files.push({ name, bytes: tar.subarray(data, data + size) });
    start = data + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
