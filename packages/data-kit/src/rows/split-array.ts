import { Pending, SplitError, type Splitter, WRITE_AGAIN } from "./split-text.ts";

/**
 * Splits a JSON array into its elements without parsing them, by counting brackets outside strings. The parser checks
 * whether an element is valid JSON.
 */
export function splitArray(): Splitter {
  const pending = new Pending();
  let state: "before" | "inside" | "after" = "before";
  /** Number of open brackets within the array. */
  let depth = 0;
  let string = false;
  let escaped = false;
  /** Whether the current element has begun, and whether any element has ended. */
  let begun = false;
  let first = true;

  function endElement(bracket: boolean): boolean {
    if (!begun && !(bracket && first)) throw new SplitError(`there is no value before "${bracket ? "]" : ","}"`);
    const ended = begun;
    begun = false;
    first = false;
    return ended;
  }

  return {
    *push(chunk) {
      let start = 0;
      let at = 0;
      while (at < chunk.length) {
        const byte = chunk[at];
        if (string) {
          at = escaped ? at : endOfPlainText(chunk, at);
          const last = chunk[at];
          if (escaped) escaped = false;
          else if (last === BACKSLASH) escaped = true;
          else if (last === QUOTE) string = false;
          at += 1;
          continue;
        }
        if (byte === undefined || isSpace(byte)) {
          at += 1;
          continue;
        }
        if (state === "before") {
          if (byte === BRACKET) state = "inside";
          else if (!MARK.has(byte)) throw new SplitError("the file does not begin with an array");
          at += 1;
          start = at;
          continue;
        }
        if (state === "after") {
          throw new SplitError("the file continues after the end of its array", "Write all rows into one array");
        }
        const ends = depth === 0 && (byte === COMMA || byte === END_BRACKET);
        if (ends) {
          if (endElement(byte === END_BRACKET)) yield pending.cut(chunk, start, at);
          if (byte === END_BRACKET) state = "after";
          start = at + 1;
        } else {
          if (!begun) {
            begun = true;
            start = at;
          }
          if (byte === QUOTE) string = true;
          else if (byte === BRACE || byte === BRACKET) depth += 1;
          else if (byte === END_BRACE || byte === END_BRACKET) depth -= 1;
          if (depth < 0) throw new SplitError('it has one "}" too many');
        }
        at += 1;
      }
      if (begun) pending.keep(chunk, start, chunk.length);
      pending.pass(chunk);
    },
    end() {
      if (state === "after") return [];
      const found = `the file ends in the middle, after ${pending.position} bytes`;
      throw new SplitError(`${found}: it was truncated, or a bracket or quotation mark is missing`, WRITE_AGAIN);
    },
  };
}

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const END_BRACKET = 0x5d;
const BRACE = 0x7b;
const END_BRACE = 0x7d;
/** The bytes of the UTF-8 byte order mark. */
const MARK: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf]);

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === LINE_FEED || byte === 0x0d || byte === 0x09;
}

/** Returns the position of the next quotation mark or backslash, or of the last byte if there is none. */
function endOfPlainText(chunk: Uint8Array, start: number): number {
  let at = start;
  while (at < chunk.length - 1 && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) at++;
  return at;
}
