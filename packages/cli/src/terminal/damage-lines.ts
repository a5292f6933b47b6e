import type { Damage } from "@mlan/core";

/** A line per file that changed since the run wrote it, with the way out. */
export function damageLines(damage: readonly Damage[]): readonly string[] {
  return damage.map(({ problem, isRepairable }) =>
    isRepairable ? `${problem}. Run the experiment again in its folder to recreate it.` : `${problem}.`,
  );
}
