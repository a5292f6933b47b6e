export type { GqaOptions, GqaQuestion } from "./gqa.ts";
export { gqa } from "./gqa.ts";
