export type { GenerationEvaluatorOptions } from "./generation.ts";
export { generation } from "./generation.ts";
