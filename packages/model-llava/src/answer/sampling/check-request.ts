import { type GenerationRequest, MlanError, shownValue } from "@mlan/core";

/** Throws `invalid-options` for an option that is out of range. The error names request, option and value. */
export function checkRequest({
  id,
  maximumNewTokens,
  stop,
  stopTokens,
  sampling = {},
  ...rest
}: GenerationRequest): void {
  const { temperature, topK, topP, minP, seed } = sampling;
  const { repetitionPenalty, logProbabilities } = rest;
  const rules: readonly (readonly [name: string, value: unknown, fits: boolean, rule: string])[] = [
    ["maximumNewTokens", maximumNewTokens, isCount(maximumNewTokens), "a whole number, 0 or more"],
    ["temperature", temperature, isFrom(0, temperature), "a number, 0 or more"],
    ["topK", topK, isCount(topK) && topK !== 0, "a whole number, 1 or more"],
    ["topP", topP, isFrom(0, topP) && (topP ?? 0) <= 1, "a number from 0 to 1"],
    ["minP", minP, isFrom(0, minP) && (minP ?? 0) <= 1, "a number from 0 to 1"],
    ["seed", seed, seed === undefined || Number.isSafeInteger(seed), "a whole number"],
    ["repetitionPenalty", repetitionPenalty, isFrom(0, repetitionPenalty) && repetitionPenalty !== 0, "greater than 0"],
    ["logProbabilities", logProbabilities, isCount(logProbabilities), "a whole number, 0 or more"],
    ["stop", ...listOf(stop, isText), "a list of non-empty strings"],
    ["stopTokens", ...listOf(stopTokens, isCount), "a list of token ids"],
  ];
  const broken = rules.find(([, , fits]) => !fits);
  if (!broken) return;
  const [name, value, , rule] = broken;
  throw new MlanError(
    "invalid-options",
    `model-llava: ${name} of request ${shownValue(id)} is ${shownValue(value)}; it must be ${rule}.`,
  );
}

/** Returns whether a list is valid, and the invalid value: an entry, or the list itself. */
function listOf<Entry>(list: readonly Entry[] | undefined, fits: (entry: Entry) => boolean): [unknown, boolean] {
  if (list === undefined) return [list, true];
  if (!Array.isArray(list)) return [list, false];
  const wrong = list.findIndex((entry) => !fits(entry));
  return [list[wrong], wrong < 0];
}

function isText(value: string): boolean {
  return typeof value === "string" && value !== "";
}

function isCount(value: number | undefined): boolean {
  return value === undefined || (Number.isSafeInteger(value) && value >= 0);
}

function isFrom(least: number, value: number | undefined): boolean {
  return value === undefined || (Number.isFinite(value) && value >= least);
}
