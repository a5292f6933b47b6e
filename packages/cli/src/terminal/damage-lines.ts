import type { Damage } from "@mlan/core";

/** A line for each file of a run that is not as the run wrote it, with the way out. */
export function damageLines(damage: readonly Damage[]): readonly string[] {
  return damage.map(({ problem, isRepairable }) =>
    isRepairable ? `${problem}. Run the experiment again in its folder: it is made anew.` : `${problem}.`,
  );
}
