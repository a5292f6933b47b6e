import { allocateLeafMemory, pageMemory } from "./leaf-memory.ts";
import type { OrtLibrary } from "../ort/ort-library.ts";

/** Memory outside of ONNX Runtime's arena that JavaScript writes, all zeros. */
export interface LentMemory {
  readonly buffer: ArrayBuffer;
  readonly byteOffset: number;
  /** Lets the system get the memory ready on another thread. */
  prepare(): void;
  free(): void;
}

/** Every page size in use divides it. */
const PAGES = 65_536;
const LARGEST_BLOCK = 2 ** 30;

/**
 * Memory of these sizes, which is freed piece by piece. Pieces share few large buffers: each buffer that JavaScript is shown
 * counts for its garbage collector, which would look for garbage again and again while a model is loaded.
 */
export function lendMemory(library: OrtLibrary, byteLengths: readonly number[]): readonly LentMemory[] {
  const memory = pageMemory();
  if (!memory) return byteLengths.map((byteLength) => fromHeap(library, byteLength));
  return blocksOf(byteLengths.map((byteLength) => Math.max(1, Math.ceil(byteLength / PAGES)) * PAGES)).flatMap(
    (pieces) => {
      const byteLength = pieces.reduce((sum, piece) => sum + piece, 0);
      const start = memory.map(byteLength);
      const buffer = library.view(start, byteLength);
      let next = 0;
      return pieces.map((piece): LentMemory => {
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

function fromHeap(library: OrtLibrary, byteLength: number): LentMemory {
  const size = Math.max(1, byteLength);
  const { address, free } = allocateLeafMemory(size);
  return { buffer: library.view(address, size), byteOffset: 0, prepare: () => {}, free };
}
