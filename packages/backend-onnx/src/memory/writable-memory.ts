import { allocateLeafMemory, pageMemory } from "./leaf-memory.ts";
import type { OrtLibrary } from "../ort/ort-library.ts";

/** Zeroed memory outside ONNX Runtime's arena that JavaScript writes in place. */
export interface WritableMemory {
  readonly buffer: ArrayBuffer;
  readonly byteOffset: number;
  /** Lets the system allocate the pages on a different thread. */
  prepare(): void;
  free(): void;
}

/** A multiple of every page size in use: 4, 16 and 64 KiB. */
const PAGES = 65_536;
const LARGEST_BLOCK = 2 ** 30;

/**
 * Allocates pieces of these sizes, which are freed separately. They share a few large buffers, because the size of
 * every ArrayBuffer counts for the garbage collector, which would otherwise run repeatedly while a model is loaded.
 */
export function allocateWritableMemory(library: OrtLibrary, byteLengths: readonly number[]): readonly WritableMemory[] {
  const memory = pageMemory();
  if (!memory) return byteLengths.map((byteLength) => fromHeap(library, byteLength));
  return blocksOf(byteLengths.map((byteLength) => Math.max(1, Math.ceil(byteLength / PAGES)) * PAGES)).flatMap(
    (pieces) => {
      const byteLength = pieces.reduce((sum, piece) => sum + piece, 0);
      const start = memory.map(byteLength);
      const buffer = library.view(start, byteLength);
      let next = 0;
      return pieces.map((piece): WritableMemory => {
        const byteOffset = next;
        next += piece;
        const address = start + BigInt(byteOffset);
        return {
          buffer,
          byteOffset,
          prepare: () => memory.populate(address, piece),
          free: () => memory.unmap(address, piece),
        };
      });
    },
  );
}

function blocksOf(pieces: readonly number[]): number[][] {
  const blocks: number[][] = [];
  let left = 0;
  for (const piece of pieces) {
    if (piece > left) {
      blocks.push([]);
      left = Math.max(piece, LARGEST_BLOCK);
    }
    blocks.at(-1)?.push(piece);
    left -= piece;
  }
  return blocks;
}

function fromHeap(library: OrtLibrary, byteLength: number): WritableMemory {
  const size = Math.max(1, byteLength);
  const { address, free } = allocateLeafMemory(size);
  return { buffer: library.view(address, size), byteOffset: 0, prepare: () => {}, free };
}
