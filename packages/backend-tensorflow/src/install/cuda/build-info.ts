import { existsSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { TensorFlowLibrary } from "../library-at.ts";

/** The versions with which a CUDA build of TensorFlow was built. */
export interface CudaVersions {
  /** For example "12.5.1"; undefined if unknown. */
  readonly cuda: string | undefined;
  /** For example "9"; undefined if unknown. */
  readonly cudnn: string | undefined;
}

/**
 * Reads build_info.py of a Python package, or searches the bytes of any other library for CUDA. Undefined without CUDA.
 */
export async function cudaVersions({ folder, files }: TensorFlowLibrary): Promise<CudaVersions | undefined> {
  const file = join(folder, "python/platform/build_info.py");
  if (existsSync(file)) return parseBuildInfo(readFileSync(file, "utf8"));
  for (const library of files) {
    if (await mentions(library, "cudart")) return { cuda: undefined, cudnn: undefined };
  }
  return undefined;
}

/**
 * Parses the text of build_info.py, e.g. `('cuda_version', '12.5.1'), ('cudnn_version', '9'), ('is_cuda_build', True)`.
 */
function parseBuildInfo(text: string): CudaVersions | undefined {
  const value = (key: string): string | undefined =>
    new RegExp(`["']${key}["']\\s*[,:]\\s*["']?([\\w.]+)`).exec(text)?.[1];
  if (value("is_cuda_build") !== "True") return undefined;
  return { cuda: value("cuda_version"), cudnn: value("cudnn_version") };
}

async function mentions(file: string, word: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const bytes = Buffer.alloc(1 << 22);
    let kept = 0;
    for (;;) {
      const { bytesRead } = await handle.read(bytes, kept, bytes.length - kept);
      if (bytes.subarray(0, kept + bytesRead).includes(word)) return true;
      if (bytesRead === 0) return false;
      // The word may span two reads.
      const end = kept + bytesRead;
      kept = Math.min(word.length - 1, end);
      bytes.copy(bytes, 0, end - kept, end);
    }
  } finally {
    await handle.close();
  }
}
