import type { Damage } from "@mlan/core";

/** Describes a file that has changed since the run wrote it, with the remedy. */
export function damageText({ problem, isRepairable }: Damage): string {
  return isRepairable ? `${problem}. Run the experiment again in its folder to recreate it.` : `${problem}.`;
}
