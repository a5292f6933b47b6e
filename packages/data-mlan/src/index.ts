export type { MixtureName, MlanOptions } from "./mlan.ts";
export { mlan } from "./mlan.ts";
