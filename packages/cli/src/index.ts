export { costTable } from "./cost-table.ts";
export type { Progress, Work } from "./progress.ts";
export { advance } from "./progress.ts";
export { lastingLines, progressLine } from "./progress-text.ts";
export type { ResultsTableOptions } from "./results-table.ts";
export { resultsTable } from "./results-table.ts";
export { sparkline } from "./sparkline.ts";
export type { TextColumn, TextTable } from "./text-table.ts";
export { textTable } from "./text-table.ts";
