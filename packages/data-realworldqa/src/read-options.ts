import { stripAsPython, PYTHON_WHITE_SPACE } from "@mlan/core";
import type { Choice } from "@mlan/core";
import { letter } from "@mlan/data-kit";

/** The options of a question, and the lines that are not options. */
export interface Read {
  readonly rest: readonly string[];
  readonly choices: readonly Choice[];
}

/**
 * Finds options on separate lines. The first line is never an option. Every other line that begins with a letter, a
 * mark and a space ("A. ", "A) ", "(A) ", "A: ") is an option. A line without the mark or the space ("B Middle",
 * "B.Middle") is an option only if its letter follows the previous option's.
 */
export function optionLines([first = "", ...lines]: readonly string[]): Read {
  const choices = new Map<string, Choice>();
  const rest = [first];
  let next = 0;
  for (const [index, line] of lines.entries()) {
    const [, label, text] = MARKED.exec(line) ?? continuing(line, next, lines[index + 1]) ?? [];
    if (label === undefined || text === undefined || choices.has(label)) {
      rest.push(line);
      continue;
    }
    choices.set(label, { label, text });
    next = label.charCodeAt(0) - "A".charCodeAt(0) + 1;
  }
  return { rest, choices: [...choices.values()] };
}

function continuing(line: string, next: number, following: string | undefined): RegExpExecArray | undefined {
  const found = LOOSE.exec(line);
  if (next >= 26 || found?.[1] !== letter(next)) return undefined;
  // A line may also begin with an article: "A" is an option only if "B" follows.
  return next > 0 || LOOSE.exec(following ?? "")?.[1] === letter(1) ? found : undefined;
}

/**
 * Finds options within the text: "A", "B", ... in order, each with a mark. The first must be at the beginning of a line
 * or sentence. Words and marks between options ("or", a comma) are removed. The last option ends with its line.
 */
export function optionsWithin(lines: readonly string[]): Read {
  const text = lines.join("\n");
  const marks = inOrder(text);
  const choices = marks.map(({ end }, index): Choice => {
    const until = marks[index + 1]?.start;
    const line = text.slice(end, until).split("\n", 1)[0] ?? "";
    return { label: letter(index), text: until === undefined ? stripAsPython(line) : withoutJoin(line) };
  });
  const [start, last] = [marks[0]?.start, marks.at(-1)?.end];
  if (start === undefined || last === undefined || !choices.every((choice) => /[\p{L}\p{N}]/u.test(choice.text)))
    return { rest: lines, choices: [] };
  const behind = text.slice(last).split("\n").slice(1);
  const before = text.slice(0, start).split("\n");
  return { rest: [...before, ...behind].map(stripAsPython).filter((line) => line !== ""), choices };
}

interface Mark {
  readonly start: number;
  readonly end: number;
}

/** Returns the marks of "A", "B", ... in order, up to the first letter that does not follow the previous letter. */
function inOrder(text: string): readonly Mark[] {
  const marks: Mark[] = [];
  for (const found of text.matchAll(MARK)) {
    if (marks.length >= 26 || found[1] !== letter(marks.length)) continue;
    const before = stripAsPython(text.slice(0, found.index));
    const begins = before === "" || /[.?!:;]$/.test(before) || /\n[^\S\n]*$/.test(text.slice(0, found.index));
    if (marks.length > 0 || begins) marks.push({ start: found.index, end: found.index + found[0].length });
  }
  return marks;
}

function withoutJoin(text: string): string {
  return stripAsPython(
    stripAsPython(stripAsPython(text).replace(/(?:^|[^\p{L}\p{N}])(?:or|and)$/u, "")).replace(/[,;/|]$/, ""),
  );
}

const MARKED = new RegExp(`^[([]?([A-Z])[.):\\]]{1,2}[${PYTHON_WHITE_SPACE}]+(.+)$`, "s");
const LOOSE = new RegExp(`^[([]?([A-Z])(?:[.):\\]]{1,2}[${PYTHON_WHITE_SPACE}]*|[${PYTHON_WHITE_SPACE}]+)(.+)$`, "s");
const MARK = new RegExp(`(?<![\\p{L}\\p{N}])[([]?([A-Z])[.):\\]]{1,2}[${PYTHON_WHITE_SPACE}]*`, "gu");
