export type { ScienceqaOptions, ScienceqaQuestion } from "./scienceqa.ts";
export { scienceqa } from "./scienceqa.ts";
