import type { Damage } from "@mlan/core";

/** Returns a line per file that has changed since the run wrote it, with the remedy. */
export function damageLines(damage: readonly Damage[]): readonly string[] {
  return damage.map(({ problem, isRepairable }) =>
    isRepairable ? `${problem}. Run the experiment again in its folder to recreate it.` : `${problem}.`,
  );
}
