import { readFileSync } from "node:fs";

interface Reference {
  readonly normalQuantile: readonly { readonly probability: number; readonly quantile: number }[];
  readonly wilson: readonly {
    readonly successes: number;
    readonly trials: number;
    readonly level: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly mcnemar: readonly {
    readonly onlyFirst: number;
    readonly onlySecond: number;
    readonly p: number;
    readonly midP: number;
  }[];
  readonly holm: readonly { readonly p: readonly number[]; readonly adjusted: readonly number[] }[];
  readonly clustered: readonly {
    readonly values: readonly number[];
    readonly clusters: readonly number[];
    readonly mean: number;
    readonly standardError: number;
  }[];
}

/** Written by tools/fixtures/statistics_reference.py with scipy and statsmodels. */
export const reference: Reference = JSON.parse(
  readFileSync(new URL("fixtures/reference.json", import.meta.url), "utf8"),
);
