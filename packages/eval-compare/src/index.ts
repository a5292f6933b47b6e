export type { AllowedDifference, CompareOptions, ResolvedCompareOptions } from "./compare-options.ts";
export type { ComparedAnswer, ComparedFingerprints, ComparedResult } from "./compared-result.ts";
export { compareResults, verdictOf } from "./compare-results.ts";
export type {
  BenchmarkComparison,
  ComparedScore,
  Comparison,
  FoundDifference,
  UncomparedResult,
  Verdict,
} from "./comparison.ts";
export { comparisonTable } from "./comparison-table.ts";
