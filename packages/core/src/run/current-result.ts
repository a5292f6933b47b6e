import type { StageResult } from "./stage.ts";

/** Converts a stored result to the current fields. Earlier versions wrote the wording's name as `promptFamily`. */
export function currentResult(stored: StageResult): StageResult {
  if (!("promptFamily" in stored)) return stored;
  const { promptFamily, ...result } = stored;
  return { ...result, wording: String(promptFamily) };
}
