export type { PopeOptions, PopeQuestion } from "./pope.ts";
export { pope } from "./pope.ts";
