import type { Damage } from "@mlan/core";

/** What recreates a damaged file: the study that a run belongs to, or either, where it is not known. */
export type Repeated = "study" | "experiment or study";

/** Describes a file that has changed since the run wrote it, and how to repair it if that is possible. */
export function damageText({ problem, isRepairable }: Damage, repeated: Repeated = "experiment or study"): string {
  return isRepairable ? `${problem}. Run the ${repeated} again in its folder to recreate it.` : `${problem}.`;
}
