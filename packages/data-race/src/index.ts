export type { RaceOptions, RaceQuestion } from "./race.ts";
export { race } from "./race.ts";
