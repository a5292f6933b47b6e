import { Pending, SplitError, type Splitter, WRITE_AGAIN } from "./split-text.ts";

const LINE_FEED = 0x0a;
const QUOTE = 0x22;

/**
 * Creates a splitter that splits only at LF bytes, because a JSON string may contain U+2028 or a bare CR. With `quotes`, an LF
 * between quotation marks belongs to its row, as in CSV. Empty lines are rows without bytes.
 */
export function splitLines({ quotes }: { readonly quotes: boolean }): Splitter {
  const pending = new Pending();
  let line = 1;
  let rowLine = 1;
  let quoted = false;
  return {
    *push(chunk) {
      let start = 0;
      let at = 0;
      while (at < chunk.length) {
        const next = chunk.indexOf(LINE_FEED, at);
        const end = next < 0 ? chunk.length : next;
        if (quotes) quoted = countQuotes(chunk, at, end) % 2 === 0 ? quoted : !quoted;
        if (next < 0) break;
        line += 1;
        at = next + 1;
        if (quoted) continue;
        yield pending.cut(chunk, start, next, rowLine);
        start = at;
        rowLine = line;
      }
      pending.keep(chunk, start, chunk.length);
      pending.pass(chunk);
    },
    *end() {
      if (quoted) {
        const found = `the file ends before a quotation mark opened in line ${rowLine} or later is closed`;
        throw new SplitError(found, `Close it, or ${WRITE_AGAIN.toLowerCase()}`);
      }
      yield pending.cut(new Uint8Array(), 0, 0, rowLine);
    },
  };
}

function countQuotes(chunk: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if (chunk[at] === QUOTE) count++;
  return count;
}
