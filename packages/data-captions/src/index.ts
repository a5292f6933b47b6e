export type { CaptionsOptions } from "./captions.ts";
export { captions } from "./captions.ts";
