import { type GenerationRequest, MlanError, shownValue } from "@mlan/core";

/** Throws `invalid-options`, naming request, option and value, for an option that is out of range. */
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
    ["maximumNewTokens", maximumNewTokens, isCount(maximumNewTokens), "a whole number from 0"],
    ["temperature", temperature, isFrom(0, temperature), "a number from 0"],
    ["topK", topK, isCount(topK) && topK !== 0, "a whole number from 1"],
    ["topP", topP, isFrom(0, topP) && (topP ?? 0) <= 1, "a number from 0 to 1"],
    ["minP", minP, isFrom(0, minP) && (minP ?? 0) <= 1, "a number from 0 to 1"],
    ["seed", seed, seed === undefined || Number.isSafeInteger(seed), "a whole number"],
    ["repetitionPenalty", repetitionPenalty, isFrom(0, repetitionPenalty) && repetitionPenalty !== 0, "above 0"],
    ["logProbabilities", logProbabilities, isCount(logProbabilities), "a whole number from 0"],
    ["stop", stop?.find((text) => text === ""), !stop?.includes(""), "texts that are not empty"],
    ["stopTokens", stopTokens?.find((token) => !isCount(token)), stopTokens?.every(isCount) ?? true, "token ids"],
  ];
  const broken = rules.find(([, , fits]) => !fits);
  if (!broken) return;
  const [name, value, , rule] = broken;
  throw new MlanError(
    "invalid-options",
    `model-llava: ${name} of request ${shownValue(id)} is ${shownValue(value)}; it must be ${rule}.`,
  );
}

function isCount(value: number | undefined): boolean {
  return value === undefined || (Number.isSafeInteger(value) && value >= 0);
}

function isFrom(least: number, value: number | undefined): boolean {
  return value === undefined || (Number.isFinite(value) && value >= least);
}
