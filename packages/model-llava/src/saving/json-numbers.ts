import { randomUUID } from "node:crypto";
import { isObject } from "../config/config-file.ts";

/**
 * A number with its spelling in JSON. Python distinguishes the integer 1 from the float 1.0, and transformers checks
 * these types, but JavaScript does not distinguish them.
 */
export class JsonNumber {
  readonly literal: string;

  constructor(literal: string) {
    this.literal = literal;
  }
}

/** Returns a number with the spelling of a Python float: 1.0, 1e-05. */
export function float(value: number): JsonNumber {
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 16) return new JsonNumber(Number.isInteger(value) ? `${value}.0` : String(value));
  const [digits = "", power = "0"] = value.toExponential().split("e");
  const sign = power.startsWith("-") ? "-" : "+";
  return new JsonNumber(`${digits}e${sign}${power.replace(/^[+-]/, "").padStart(2, "0")}`);
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** Parses JSON. A number that JavaScript would write differently becomes a {@link JsonNumber}. Throws a SyntaxError. */
export function parseJson(text: string): unknown {
  const mark = randomUUID();
  const marked = text.replaceAll(STRING_OR_NUMBER, (found) =>
    found.startsWith('"') || String(Number(found)) === found ? found : `"${mark}${found}"`,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(mark) ? new JsonNumber(value.slice(mark.length)) : value,
  );
}

/** Returns a value as indented JSON with a newline at the end. A {@link JsonNumber} keeps its spelling. */
export function jsonText(value: unknown): string {
  return `${textOf(value, "\n")}\n`;
}

function textOf(value: unknown, newline: string): string {
  if (value instanceof JsonNumber) return value.literal;
  const inside = `${newline}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => textOf(item ?? null, inside));
    return items.length === 0 ? "[]" : `[${inside}${items.join(`,${inside}`)}${newline}]`;
  }
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const items = entries.map(([key, item]) => `${JSON.stringify(key)}: ${textOf(item, inside)}`);
  return items.length === 0 ? "{}" : `{${inside}${items.join(`,${inside}`)}${newline}}`;
}
