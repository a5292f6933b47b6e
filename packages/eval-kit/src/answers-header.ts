import { type BenchmarkResult, MlanError } from "@mlan/core";
import { z } from "zod";

/** The first line of an answer file, which identifies the evaluation. */
export interface AnswersHeader extends Pick<
  BenchmarkResult,
  | "benchmark"
  | "evaluator"
  | "protocol"
  | "protocolVersion"
  | "extractor"
  | "wording"
  | "questions"
  | "questionsInBenchmark"
  | "fingerprints"
  | "template"
> {
  readonly format: "mlan-answers";
  readonly version: 1;
  /** Fingerprint of the model's architecture, tokenizer and format, without the weights. */
  readonly model: string;
  /** The experiment's stage. Absent outside an experiment. */
  readonly stage?: string;
  /** Identifies the model's weights. Absent when unknown. */
  readonly weights?: string;
}

const currentHeader = z.object({
  format: z.literal("mlan-answers"),
  version: z.literal(1),
  benchmark: z.string(),
  evaluator: z.string(),
  protocol: z.string(),
  protocolVersion: z.number(),
  extractor: z.object({ name: z.string(), version: z.number() }),
  wording: z.string(),
  questions: z.number(),
  questionsInBenchmark: z.number().exactOptional(),
  fingerprints: z.object({ questions: z.string(), prompts: z.string(), protocol: z.string() }),
  template: z.string().exactOptional(),
  model: z.string(),
  stage: z.string().exactOptional(),
  weights: z.string().exactOptional(),
});

/** Earlier versions wrote `promptFamily` for the name of the wording. */
export const headerSchema: z.ZodType<AnswersHeader> = z.preprocess((stored) => {
  if (typeof stored !== "object" || stored === null || !("promptFamily" in stored)) return stored;
  const { promptFamily, ...header } = stored;
  return { wording: promptFamily, ...header };
}, currentHeader);

/**
 * Throws `run-folder` when a file belongs to another evaluation than the current one. The message names the first
 * difference.
 */
export function checkHeader(path: string, found: AnswersHeader, expected: AnswersHeader): void {
  // Earlier versions wrote no template.
  const keys = found.template === undefined ? KEYS.filter((one) => one !== "template") : KEYS;
  const key = keys.find((one) => valueAt(found, one) !== valueAt(expected, one));
  if (key === undefined) return;
  throw new MlanError(
    "run-folder",
    `${path} belongs to a different evaluation: its ${key} is ${shown(found, key)}, now it is ${shown(expected, key)}. ` +
      "Delete the file to ask again.",
  );
}

/** The keys to compare. The first ones explain a difference best. */
const KEYS = [
  "stage",
  "benchmark",
  "evaluator",
  "protocol",
  "protocolVersion",
  "extractor.name",
  "extractor.version",
  "wording",
  "questions",
  "template",
  "model",
  "weights",
  "fingerprints.questions",
  "fingerprints.prompts",
  "fingerprints.protocol",
];

function shown(header: AnswersHeader, key: string): string {
  return String(valueAt(header, key) ?? "unknown");
}

function valueAt(header: AnswersHeader, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => Object(value)[key], header);
}
