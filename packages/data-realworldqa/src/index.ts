export type { RealworldqaOptions, RealworldqaQuestion } from "./realworldqa.ts";
export { realworldqa } from "./realworldqa.ts";
