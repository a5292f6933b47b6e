import type { Turn } from "@mlan/core";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/**
 * Describes the first turn that the original code may misread, because that code locates answers in the rendered text.
 * Such a turn is empty, or contains one of `borders` or a special token. Returns undefined without such a turn.
 */
export function oddTurn(turns: readonly Turn[], borders: readonly string[], tokenizer: Tokenizer): string | undefined {
  for (const [index, { role, text }] of turns.entries()) {
    const turn = `turn ${index + 1}, by the ${role},`;
    if (text === "" && borders.length > 0) return `${turn} is empty`;
    const border = borders.find((one) => text.includes(one));
    if (border !== undefined) return `${turn} contains ${JSON.stringify(border)} in ${excerpt(text, border)}`;
    const token = [...new Set(text.match(WRITTEN_TOKEN))].find((one) => isSpecial(one, tokenizer));
    if (token !== undefined) return `${turn} contains the token ${token} in ${excerpt(text, token)}`;
  }
  return undefined;
}

/** Matches text that looks like a token, e.g. `<s>` or `<|start_header_id|>`. */
const WRITTEN_TOKEN = /<[^<>\s]{1,32}>/g;

function isSpecial(text: string, tokenizer: Tokenizer): boolean {
  if (tokenizer.idOf(text) !== undefined) return true;
  const { beginOfSequenceId: begin, endOfSequenceId: end, unknownId: unknown } = tokenizer;
  return tokenizer.encode(text).some((id) => id === begin || id === end || id === unknown);
}

/** Returns the text around the first occurrence of `found`, for messages. */
function excerpt(text: string, found: string): string {
  const start = text.indexOf(found);
  const [from, to] = [Math.max(0, start - AROUND), start + found.length + AROUND];
  return `${from > 0 ? "..." : ""}${JSON.stringify(text.slice(from, to))}${to < text.length ? "..." : ""}`;
}

/** Number of characters shown on each side. */
const AROUND = 20;
