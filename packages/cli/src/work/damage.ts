import type { View, Warning } from "@mlan/run-view";

/** Returns the warnings of files that differ from what the runs wrote. */
export function damageIn({ warnings }: View): readonly Warning[] {
  return warnings.filter(({ kind }) => kind === "damage");
}

/** Whether all runs of a view could be read, and no file differs from what the runs wrote. */
export function isComplete(view: View): boolean {
  return view.runs.every(({ state }) => state !== "unreadable") && damageIn(view).length === 0;
}
