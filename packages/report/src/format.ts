import {
  count as countText,
  duration as durationText,
  percent as percentText,
  significant as significantText,
} from "@mlan/run-view";

/** A share as a percentage with one decimal, e.g. "71.3". */
export function percent(share: number): string {
  return known(share, percentText);
}

/** Formats the difference between two proportions in percentage points, with its sign, e.g. "+12.3" and "−4.0". */
export function points(difference: number): string {
  const sign = difference < 0 ? "−" : "+";
  return Number.isFinite(difference) ? `${sign}${percent(Math.abs(difference))}` : "–";
}

/** An interval in brackets, in percent, e.g. "[66.0, 76.3]"; "" without one. */
export function bracketed(interval: { readonly low: number; readonly high: number } | undefined): string {
  return interval ? `[${percent(interval.low)}, ${percent(interval.high)}]` : "";
}

/** The interval of a difference in brackets, in percentage points, e.g. "[+8.1, +16.5]"; "" without one. */
export function bracketedPoints(interval: { readonly low: number; readonly high: number } | undefined): string {
  return interval ? `[${points(interval.low)}, ${points(interval.high)}]` : "";
}

/** Like the functions of `@mlan/run-view` with the same names, but unknown numbers become dashes. */
export const count = (value: number): string => known(value, countText);
export const significant = (value: number): string => known(value, significantText);
/** A loss with three decimals, e.g. "2.303". */
export const loss = (value: number): string => known(value, (nats) => nats.toFixed(3));
export const duration = (seconds: number): string => known(seconds, durationText);

function known(value: number, format: (value: number) => string): string {
  return Number.isFinite(value) ? format(value) : "–";
}

/** Floating-point operations in a suitable unit, e.g. "4.04 TFLOP" and "35.4 kFLOP". */
export function flops(operations: number): string {
  const [size, prefix] = PREFIXES.find(([least]) => operations >= least) ?? [1, ""];
  return `${significant(operations / size)} ${prefix}FLOP`;
}

const PREFIXES = [
  [1e18, "E"],
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** A p-value with three decimals, or "< 0.001". */
export function pValue(p: number): string {
  if (!Number.isFinite(p)) return "–";
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

/** A number with its noun, e.g. "1 benchmark", "9 benchmarks". */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A list in words, e.g. "a", "a and b", "a, b and c". */
export function listed(items: readonly string[], word: "and" | "or" = "and"): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} ${word} ${items.at(-1)}`;
}
