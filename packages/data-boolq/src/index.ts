export type { BoolqOptions, BoolqQuestion } from "./boolq.ts";
export { boolq } from "./boolq.ts";
