export { vicuna } from "./vicuna.ts";
export type { VicunaOptions } from "./vicuna.ts";
