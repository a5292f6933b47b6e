export type { CleanScore, CleanScoresOptions } from "./clean-scores.ts";
export { cleanScores } from "./clean-scores.ts";
export type { Parts } from "./clean-part.ts";
export { cleanPart } from "./clean-part.ts";
export type { ContaminationOptions, ContaminationProgress } from "./contamination.ts";
export { contamination } from "./contamination.ts";
export type { ContaminationTableOptions } from "./contamination-table.ts";
export { contaminationTable } from "./contamination-table.ts";
export type { BenchmarkContamination, ContaminatedQuestion, ContaminationReport, Leak, LeakKind } from "./report.ts";
