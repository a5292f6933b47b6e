import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Segment } from "./segments.ts";

interface Context {
  readonly tokenizer: Tokenizer;
  /** The text or token id before the group. */
  readonly before: string | number | undefined;
}

/**
 * Returns which tokens of a group of segments are supervised: those with a character of a supervised segment, as in
 * `return_assistant_tokens_mask` of transformers. The segments of a group are encoded as one text.
 */
export function supervisedTokens(
  group: readonly Segment[],
  ids: readonly number[],
  context: Context,
): readonly boolean[] {
  const [first, ...more] = group;
  if (more.length === 0) return ids.map(() => first?.supervised ?? false);
  const whole = group.map((segment) => ("text" in segment ? segment.text : "")).join("");
  const supervised = ids.map(() => false);
  let place = 0;
  let from = 0;
  for (const [index, segment] of group.entries()) {
    place += "text" in segment ? segment.text.length : 0;
    const { end, next } =
      index === more.length ? { end: ids.length, next: ids.length } : border(whole, place, ids, context);
    if (segment.supervised) supervised.fill(true, from, end);
    from = next;
  }
  return supervised;
}

/**
 * Returns the index where the tokens before a place in a text end, and the index where the tokens after it begin. The
 * two differ if a token spans the place. Such a token differs between encoding the parts and encoding the whole.
 */
function border(
  whole: string,
  place: number,
  ids: readonly number[],
  { tokenizer, before }: Context,
): { readonly end: number; readonly next: number } {
  const [head, tail] = [whole.slice(0, place), whole.slice(place)];
  const context = before === undefined ? [] : [before];
  const ahead = tokenizer.encodeParts([...context, head]).at(-1) ?? [];
  let across = common(ids, ahead);
  if (across === ahead.length) return { end: across, next: across };
  const behind = tokenizer.encodeParts([...context, head, tail]).at(-1) ?? [];
  const last = ids.length - common(ids.toReversed(), behind.toReversed()) - 1;
  // Decoding drops a space at the beginning.
  const omitted = whole.length - tokenizer.decode(ids).length;
  while (across < last && omitted + tokenizer.decode(ids.slice(0, across + 1)).length <= place) across++;
  return { end: across + 1, next: across };
}

function common(one: readonly number[], other: readonly number[]): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}
