import type { BenchmarkResult } from "@mlan/core";
import type { MetricView } from "./view-results.ts";

/**
 * Formats a number with the given number of decimals, e.g. "2.303". Never throws, even if a file contains something
 * other than a number.
 */
export function fixed(value: number, decimals: number): string {
  return Number(value).toFixed(decimals);
}

/** Formats a share as a percentage with one decimal, e.g. 0.713 as "71.3". */
export function percent(share: number): string {
  return fixed(share * 100, 1);
}

/** Formats a share and its standard error in percent, e.g. "71.3 ± 2.6"; only "71.3" without a standard error. */
export function percentWithError(value: number, standardError: number | undefined): string {
  return standardError === undefined ? percent(value) : `${percent(value)} ± ${percent(standardError)}`;
}

/**
 * Formats an estimate with its interval in percent, e.g. "71.3 [66.0, 76.3]"; without an interval, like
 * {@link percentWithError}.
 */
export function percentWithInterval({
  value,
  standardError,
  interval,
}: Pick<MetricView, "value" | "standardError" | "interval">): string {
  if (!interval) return percentWithError(value, standardError);
  return `${percent(value)} [${percent(interval.low)}, ${percent(interval.high)}]`;
}

/** Formats the number of questions, e.g. "500", or "100 of 500" when only the first questions were asked. */
export function questionCount(result: Pick<BenchmarkResult, "questions" | "questionsInBenchmark">): string {
  const { questions, questionsInBenchmark: total } = result;
  return total === undefined ? count(questions) : `${count(questions)} of ${count(total)}`;
}

/** Formats a whole number with thousands separators, e.g. "1,234,567". */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/**
 * Formats a number with three significant digits, or from 1,000 as a whole number, e.g. "1.71e-7", "0.0123", "4.57",
 * "12,346".
 */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(2);
  return value >= 1000 ? count(value) : value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** Formats a duration, e.g. "0.4s", "42s", "3m 05s", "2h 07m". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return `${seconds}s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const two = (value: number): string => `${value}`.padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}

/** Formats a rate, e.g. "12.0 steps/s", or "8.5s per step" below one per second. */
export function rate(perSecond: number, unit: string): string {
  if (!Number.isFinite(perSecond)) return `${perSecond} ${unit}s/s`;
  if (perSecond >= 1) return `${perSecond < 100 ? perSecond.toFixed(1) : count(perSecond)} ${unit}s/s`;
  return `${duration(1 / perSecond)} per ${unit}`;
}

/** Formats a size in bytes, e.g. "8.2 GB" (10^9 bytes), "96 MB", "512 bytes". */
export function bytes(size: number): string {
  if (!Number.isFinite(size) || size < 1e6) return `${size} bytes`;
  return size < 1e9 ? `${count(size / 1e6)} MB` : `${fixed(size / 1e9, 1)} GB`;
}
