export type { AnswersHeader, StoredAnswers } from "./answers-file.ts";
export { parseAnswers } from "./answers-file.ts";
export { cutAtStop } from "./cut-at-stop.ts";
export type { GenerationEvaluatorOptions } from "./generation.ts";
export { generation } from "./generation.ts";
export { estimate } from "./jackknife.ts";
