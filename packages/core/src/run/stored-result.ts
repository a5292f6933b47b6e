import type { StageResult } from "./stage.ts";

/** A result as a file holds it, in the fields of today: earlier versions wrote `promptFamily` for the name of the wording. */
export function currentResult(stored: StageResult): StageResult {
  if (!("promptFamily" in stored)) return stored;
  const { promptFamily, ...result } = stored;
  return { ...result, wording: String(promptFamily) };
}
