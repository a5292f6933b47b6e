/**
 * Assigns numbers, counted from 0, to sequences of words. Equal sequences have equal numbers. Sequences with equal
 * hashes are compared word by word.
 */
export interface RunTable {
  /** Returns the number of the sequence `corpus[at..at + length)`. Adds the sequence if it is new. */
  add(at: number, length: number): number;
  /**
   * Returns the number of the sequence `words[at..at + length)`, or -1 for an unknown sequence. `hashes` are the prefix
   * hashes of `words`.
   */
  find(words: Int32Array, hashes: Int32Array, at: number, length: number): number;
  /** Returns the first position of a sequence in the corpus. */
  positionOf(run: number): number;
}

/** Creates a table for at most `capacity` different sequences of a corpus. Open addressing; at most half full. */
export function createRunTable(corpus: Int32Array, capacity: number): RunTable {
  const size = 2 ** Math.ceil(Math.log2(Math.max(16, capacity * 2)));
  const slots = new Int32Array(size).fill(-1);
  const positions = new Int32Array(capacity);
  const lengths = new Int32Array(capacity);
  const corpusHashes = prefixHashes(corpus);
  let count = 0;

  const slotOf = (words: Int32Array, hashes: Int32Array, at: number, length: number): number => {
    let slot = runHash(hashes, at, length) & (size - 1);
    for (;;) {
      const run = slots[slot] ?? -1;
      if (run < 0 || isRun(run, words, at, length)) return slot;
      slot = (slot + 1) & (size - 1);
    }
  };
  const isRun = (run: number, words: Int32Array, at: number, length: number): boolean => {
    if (lengths[run] !== length) return false;
    const start = positions[run] ?? 0;
    for (let offset = 0; offset < length; offset++) if (corpus[start + offset] !== words[at + offset]) return false;
    return true;
  };
  return {
    add(at, length) {
      const slot = slotOf(corpus, corpusHashes, at, length);
      const known = slots[slot] ?? -1;
      if (known >= 0) return known;
      if (count === capacity) throw new RangeError(`a table for ${capacity} runs is full`);
      positions[count] = at;
      lengths[count] = length;
      slots[slot] = count;
      return count++;
    },
    find: (words, hashes, at, length) => slots[slotOf(words, hashes, at, length)] ?? -1,
    positionOf: (run) => positions[run] ?? 0,
  };
}

/**
 * Returns the hashes of `words[0..at)` for each `at` (polynomials modulo 2^32). The hash of any sequence follows by
 * subtraction.
 */
export function prefixHashes(words: Int32Array): Int32Array {
  const hashes = new Int32Array(words.length + 1);
  for (let at = 0; at < words.length; at++) hashes[at + 1] = Math.imul(hashes[at] ?? 0, BASE) + (words[at] ?? 0);
  return hashes;
}

const BASE = 0x01000193;
const POWERS: number[] = [1];

function runHash(hashes: Int32Array, at: number, length: number): number {
  while (POWERS.length <= length) POWERS.push(Math.imul(POWERS.at(-1) ?? 1, BASE));
  const value = (hashes[at + length] ?? 0) - Math.imul(hashes[at] ?? 0, POWERS[length] ?? 1);
  const mixed = Math.imul((value ^ (value >>> 16)) + length, 0x85ebca6b);
  const again = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (again ^ (again >>> 16)) >>> 0;
}
