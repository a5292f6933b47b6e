import type { Damage } from "@mlan/core";

/** Describes a file that has changed since the run wrote it, and how to repair it if that is possible. */
export function damageText({ problem, isRepairable }: Damage): string {
  return isRepairable ? `${problem}. Run the experiment again in its folder to recreate it.` : `${problem}.`;
}
