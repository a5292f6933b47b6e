export type { OpenbookqaOptions, OpenbookqaQuestion } from "./openbookqa.ts";
export { openbookqa } from "./openbookqa.ts";
