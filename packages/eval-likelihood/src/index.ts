export type { LikelihoodEvaluatorOptions } from "./likelihood.ts";
export { likelihood } from "./likelihood.ts";
