import type { Vocabulary } from "./vocabulary.ts";

/**
 * Byte-pair encoding with byte fallback (arXiv 1508.07909): joins the pair of the most urgent merge, the leftmost of
 * equals, until none is left; characters without a piece become the bytes of their UTF-8 form. Takes time n log n and some
 * 40 bytes per character, however long the text.
 */
export function createBytePairEncoder(
  { ids: idOf, merges }: Vocabulary,
  unknownId: number | undefined,
): (text: string) => readonly number[] {
  const joined = new Int32Array(merges.length);
  // By the left id, then by the right one: small integers are looked up several times as fast as a number of both.
  const ranks = new Map<number, Map<number, number>>();
  for (const [rank, [left, right]] of merges.entries()) {
    const [leftId, rightId, whole] = [idOf.get(left), idOf.get(right), idOf.get(left + right)];
    if (leftId === undefined || rightId === undefined || whole === undefined) continue;
    joined[rank] = whole;
    // Of a pair that is listed twice, the last counts, as in the library of Hugging Face.
    const ofLeft = ranks.get(leftId) ?? new Map<number, number>();
    ranks.set(leftId, ofLeft.set(rightId, rank));
  }
  const bytesOf = byteFallback(idOf, unknownId);
  const rankOf = (left: number | undefined, right: number | undefined): number | undefined =>
    left === undefined || right === undefined ? undefined : ranks.get(left)?.get(right);

  return (text) => {
    const characters = text.length;
    const symbols = new Int32Array(characters);
    let count = 0;
    // A character without a piece is kept as its code point below zero.
    for (const character of text) symbols[count++] = idOf.get(character) ?? -(character.codePointAt(0) ?? 0) - 1;
    const next = Int32Array.from({ length: count }, (_, place) => place + 1);
    const previous = Int32Array.from({ length: count }, (_, place) => place - 1);
    const queue = new NumberHeap();
    const consider = (place: number): void => {
      const after = next[place] ?? count;
      const rank = after < count ? rankOf(symbols[place], symbols[after]) : undefined;
      if (rank !== undefined) queue.push(rank * count + place);
    };
    for (let place = 0; place < count; place++) consider(place);
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
      const place = item % count;
      const rank = Math.floor(item / count);
      const after = next[place] ?? count;
      // The pair may be gone since it was queued; a symbol that was taken into the one before it has GONE.
      if (after >= count || symbols[place] === GONE || rankOf(symbols[place], symbols[after]) !== rank) continue;
      symbols[place] = joined[rank] ?? GONE;
      symbols[after] = GONE;
      const behind = next[after] ?? count;
      next[place] = behind;
      if (behind < count) previous[behind] = place;
      const before = previous[place] ?? -1;
      if (before >= 0) consider(before);
      consider(place);
    }
    const output: number[] = [];
    for (let place = 0; place < count; place = next[place] ?? count) {
      const symbol = symbols[place] ?? GONE;
      if (symbol >= 0) output.push(symbol);
      else bytesOf(-symbol - 1, output);
    }
    return output;
  };
}

/** Below every code point. */
const GONE = -0x7fff_ffff;

/** Adds the tokens of a character's bytes; the unknown token where one is missing, once for several in a row. */
function byteFallback(
  idOf: ReadonlyMap<string, number>,
  unknownId: number | undefined,
): (codePoint: number, output: number[]) => void {
  const tokens = Array.from({ length: 256 }, (_, byte) =>
    idOf.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  );
  const encoder = new TextEncoder();
  const known = new Map<number, readonly number[]>();
  const idsOf = (codePoint: number): readonly number[] => {
    const ids = Array.from(encoder.encode(String.fromCodePoint(codePoint)), (byte) => tokens[byte]);
    const found = ids.filter((id) => id !== undefined);
    return found.length === ids.length ? found : [];
  };
  return (codePoint, output) => {
    const ids = known.get(codePoint) ?? idsOf(codePoint);
    known.set(codePoint, ids);
    for (const id of ids) output.push(id);
    if (ids.length === 0 && unknownId !== undefined && output.at(-1) !== unknownId) output.push(unknownId);
  };
}

/** The smallest number first. */
class NumberHeap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = items[parent] ?? 0;
      if (above <= item) break;
      items[place] = above;
      place = parent;
    }
    items[place] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const smallest = items[0];
    const item = items.pop();
    if (item === undefined || items.length === 0) return smallest;
    let place = 0;
    for (let child = 1; child < items.length; child = 2 * place + 1) {
      if (child + 1 < items.length && (items[child + 1] ?? 0) < (items[child] ?? 0)) child++;
      const below = items[child] ?? 0;
      if (below >= item) break;
      items[place] = below;
      place = child;
    }
    items[place] = item;
    return smallest;
  }
}
