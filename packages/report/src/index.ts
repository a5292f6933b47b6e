export type { QuestionSource } from "./pack-questions.ts";
export type { LiveReport, LiveReportOptions } from "./serve-report.ts";
export type { ReportOptions } from "./report-page.ts";
export { reportPage } from "./report-page.ts";
export { serveReport } from "./serve-report.ts";
