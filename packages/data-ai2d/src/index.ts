export type { Ai2dOptions, Ai2dQuestion } from "./ai2d.ts";
export { ai2d } from "./ai2d.ts";
