export type { HellaswagOptions, HellaswagQuestion } from "./hellaswag.ts";
export { hellaswag } from "./hellaswag.ts";
