import { open } from "node:fs/promises";

/** Bytes of a file by position. The file is open only while it is read; rows one after the other share a reading. */
export function fileBytes(file: URL): (start: number, length: number) => Promise<Uint8Array> {
  let kept: Stretch = { start: 0, bytes: new Uint8Array() };
  let lastEnd = 0;
  return async (start, length) => {
    const follows = start >= lastEnd && start - lastEnd <= FARTHEST_NEXT;
    lastEnd = start + length;
    const inside = start >= kept.start && lastEnd <= kept.start + kept.bytes.length;
    const stretch = inside ? kept : await readStretch(file, start, follows ? Math.max(length, AHEAD) : length);
    if (follows) kept = stretch;
    return stretch.bytes.subarray(start - stretch.start, start - stretch.start + length);
  };
}

interface Stretch {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Between two rows of a file stand commas, line ends and white space. */
const FARTHEST_NEXT = 64;
const AHEAD = 2 ** 20;

async function readStretch(file: URL, start: number, length: number): Promise<Stretch> {
  const handle = await open(file);
  try {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return { start, bytes: bytes.subarray(0, filled) };
  } finally {
    await handle.close();
  }
}
