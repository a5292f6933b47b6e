export type { NewNameOptions } from "./new-name.ts";
export { newName } from "./new-name.ts";
