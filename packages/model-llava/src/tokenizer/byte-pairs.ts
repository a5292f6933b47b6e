import type { Vocabulary } from "./vocabulary.ts";

/** The treatment of characters without a piece. */
export interface Fallback {
  /**
   * Whether such a character becomes the pieces of its UTF-8 bytes, e.g. `<0x0A>`, if the vocabulary has all of them.
   */
  readonly toBytes: boolean;
  /** The token for each character that does not become bytes; undefined drops the character. */
  readonly unknownId: number | undefined;
  /** Whether consecutive unknown characters become one token. */
  readonly fusesUnknown: boolean;
}

/**
 * Creates a byte-pair encoder (arXiv 1508.07909). It repeatedly joins the pair with the lowest index in the list of
 * merges; of equal pairs, the leftmost first. Takes O(n log n) time, and about 40 bytes per character.
 */
export function createBytePairEncoder(
  { ids: idOf, merges }: Vocabulary,
  fallback: Fallback,
): (text: string) => readonly number[] {
  const joined = new Int32Array(merges.length);
  // By the left id, then by the right id. Two lookups of small integers are several times faster than one lookup of a
  // combined number.
  const ranks = new Map<number, Map<number, number>>();
  for (const [rank, [left, right]] of merges.entries()) {
    const [leftId, rightId, whole] = [idOf.get(left), idOf.get(right), idOf.get(left + right)];
    if (leftId === undefined || rightId === undefined || whole === undefined) continue;
    joined[rank] = whole;
    // For a duplicate pair the last index applies, as in the tokenizers library.
    const ofLeft = ranks.get(leftId) ?? new Map<number, number>();
    ranks.set(leftId, ofLeft.set(rightId, rank));
  }
  const { replacementOf, unknown } = replacementsOf(idOf, fallback);
  const rankOf = (left: number | undefined, right: number | undefined): number | undefined =>
    left === undefined || right === undefined ? undefined : ranks.get(left)?.get(right);

  return (text) => {
    const characters = text.length;
    const symbols = new Int32Array(characters);
    let count = 0;
    for (const character of text) {
      const id = idOf.get(character);
      const codePoint = character.codePointAt(0) ?? 0;
      if (id !== undefined) symbols[count++] = id;
      // A character without a piece is stored as a negative number made from its code point.
      else if (replacementOf(codePoint).length > 0) symbols[count++] = -codePoint - 1;
    }
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
      // The pair may have changed since it was queued. A symbol that was joined to its predecessor is GONE.
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
    let isUnknown = false;
    for (let place = 0; place < count; place = next[place] ?? count) {
      const symbol = symbols[place] ?? GONE;
      const ids = symbol >= 0 ? undefined : replacementOf(-symbol - 1);
      const wasUnknown = isUnknown;
      isUnknown = ids === unknown;
      if (ids === undefined) output.push(symbol);
      else if (!(isUnknown && wasUnknown && fallback.fusesUnknown)) output.push(...ids);
    }
    return output;
  };
}

/** Marks a removed symbol. It is less than every other symbol: an id, or a negative number made from a code point. */
const GONE = -0x7fff_ffff;

/** Returns the tokens of characters without a piece. All unknown characters share one array. */
function replacementsOf(
  idOf: ReadonlyMap<string, number>,
  { toBytes, unknownId }: Fallback,
): { replacementOf(codePoint: number): readonly number[]; readonly unknown: readonly number[] } {
  const tokens = Array.from({ length: toBytes ? 256 : 0 }, (_, byte) =>
    idOf.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  );
  const encoder = new TextEncoder();
  const unknown = unknownId === undefined ? [] : [unknownId];
  const known = new Map<number, readonly number[]>();
  const find = (codePoint: number): readonly number[] => {
    const ids = Array.from(encoder.encode(String.fromCodePoint(codePoint)), (byte) => tokens[byte]);
    const found = ids.filter((id) => id !== undefined);
    return found.length === ids.length ? found : unknown;
  };
  const replacementOf = (codePoint: number): readonly number[] => {
    const ids = known.get(codePoint) ?? find(codePoint);
    known.set(codePoint, ids);
    return ids;
  };
  return { replacementOf, unknown };
}

/** A priority queue that returns the smallest number first. */
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
