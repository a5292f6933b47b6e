export type { NewNameOptions, NewNameQuestion } from "./new-name.ts";
export { newName } from "./new-name.ts";
