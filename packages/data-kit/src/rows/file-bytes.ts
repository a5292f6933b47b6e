import { open } from "node:fs/promises";

/**
 * Returns a function that reads bytes of a file by position. The file is open only during reads. Reads of consecutive
 * rows are combined, even if they are requested at the same time.
 */
export function fileBytes(file: URL): (start: number, length: number) => Promise<Uint8Array> {
  let kept = NOTHING;
  let lastEnd = 0;
  return async (start, length) => {
    const follows = start >= lastEnd && start - lastEnd <= FARTHEST_NEXT;
    lastEnd = start + length;
    const inside = start >= kept.start && lastEnd <= kept.end;
    const stretch = inside ? kept : readStretch(file, start, follows ? Math.max(length, AHEAD) : length);
    if (follows) kept = stretch;
    try {
      return (await stretch.bytes).subarray(start - stretch.start, start - stretch.start + length);
    } catch (error) {
      if (kept === stretch) kept = NOTHING; // the next call tries again
      throw error;
    }
  };
}

/** A part of a file. It is shorter than requested if the file ends earlier. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

const NOTHING: Stretch = { start: 0, end: 0, bytes: Promise.resolve(new Uint8Array()) };

/** Maximum number of bytes between two consecutive rows: commas, line breaks and whitespace. */
const FARTHEST_NEXT = 64;
const AHEAD = 2 ** 20;

function readStretch(file: URL, start: number, length: number): Stretch {
  return { start, end: start + length, bytes: readBytes(file, start, length) };
}

async function readBytes(file: URL, start: number, length: number): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}
