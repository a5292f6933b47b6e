import { MlanError } from "@mlan/core";

/** Throws `invalid-options` unless the value is strictly between 0 and 1. */
export function checkShare(name: string, value: number): void {
  if (value > 0 && value < 1) return;
  throw new MlanError("invalid-options", `statistics: ${name} is ${value}; give a number between 0 and 1, e.g. 0.95.`);
}

/** Throws `invalid-options` unless the value is a whole number, `least` or more. */
export function checkCount(name: string, value: number, least = 0): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new MlanError("invalid-options", `statistics: ${name} is ${value}; give a whole number, ${least} or more.`);
}

/** Throws `invalid-options` for fewer than two clusters, which show no variation. */
export function checkClusters(clusters: number): void {
  if (clusters >= 2) return;
  throw new MlanError(
    "invalid-options",
    `statistics: there ${clusters === 1 ? "is 1 cluster" : "are no clusters"}; ` +
      "the variation between clusters needs at least 2. Evaluate more questions.",
  );
}
