export { costTable } from "./terminal/cost-table.ts";
export type { Progress, Work } from "./terminal/progress.ts";
export { advance } from "./terminal/progress.ts";
export { lastingLines, progressLine } from "./terminal/progress-text.ts";
export type { ResultsTableOptions } from "./terminal/results-table.ts";
export { resultsTable } from "./terminal/results-table.ts";
export { sparkline } from "./terminal/sparkline.ts";
