import type { StageResult } from "./stage.ts";

/** A stored result in today's fields: earlier versions wrote the wording's name as `promptFamily`. */
export function currentResult(stored: StageResult): StageResult {
  if (!("promptFamily" in stored)) return stored;
  const { promptFamily, ...result } = stored;
  return { ...result, wording: String(promptFamily) };
}
