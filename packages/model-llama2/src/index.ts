export { llama2 } from "./llama2.ts";
export type { Llama2Options } from "./llama2.ts";
