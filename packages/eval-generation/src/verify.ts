import { createHash } from "node:crypto";
import { type AnswerRecord, type EvaluateRun, type Flip, MlanError, type Verification } from "@mlan/core";
import { LONG_PROMPTS, requestOf } from "./generation-method.ts";

/** A random sample of all answers. It depends on the questions, but not on the order of the answers. */
export interface AnswerSample {
  add(record: AnswerRecord): void;
  answers(): readonly AnswerRecord[];
}

/** Collects the `size` answers whose ids have the smallest hashes, which is a sample without replacement. */
export function sampleAnswers(size: number, benchmark: string): AnswerSample {
  const drawn: { readonly rank: string; readonly record: AnswerRecord }[] = [];
  return {
    add(record) {
      if (size === 0) return;
      const rank = createHash("sha256")
        .update(JSON.stringify([benchmark, record.id]))
        .digest("hex");
      if (drawn.length >= size && rank > (drawn.at(-1)?.rank ?? "")) return;
      drawn.splice(placeOf(rank, drawn), 0, { rank, record });
      drawn.length = Math.min(drawn.length, size);
    },
    answers: () => drawn.map(({ record }) => record),
  };
}

function placeOf(rank: string, drawn: readonly { readonly rank: string }[]): number {
  const place = drawn.findIndex((other) => other.rank > rank);
  return place < 0 ? drawn.length : place;
}

/**
 * Asks the questions of these answers again, one at a time and without a shared prefix, and reports the answers that
 * changed. Throws `contract` when the model returns no answer.
 */
export async function verifyAnswers(run: EvaluateRun, answers: readonly AnswerRecord[]): Promise<Verification> {
  const { model, benchmark, signal } = run;
  const protocol = benchmark.protocol(run.protocol);
  const together = new Map(answers.map(({ id, answer }) => [id, answer]));
  const flips: Flip[] = [];
  let smallestMargin = Infinity;
  const examples = await benchmark.open(signal ? { signal } : {});
  for (let index = 0; index < examples.length && together.size > 0; index++) {
    const question = await examples.at(index);
    const before = together.get(question.id);
    if (before === undefined) continue;
    together.delete(question.id);
    const request = requestOf(run, protocol, { question, prompt: protocol.prompt(question, model.wording) });
    const options = { ...LONG_PROMPTS, batchSize: 1, sharePrefixes: false, details: true, ...(signal && { signal }) };
    for await (const { id, text, margins = [] } of model.generate([request], options)) {
      const margin = Math.min(...margins);
      if (Number.isNaN(margin)) {
        throw new MlanError("contract", `generation: the model returned a margin for "${id}" that is not a number.`);
      }
      smallestMargin = Math.min(smallestMargin, margin);
      if (text !== before) flips.push({ id, together: before, alone: text, margin });
    }
  }
  if (together.size === 0) return { checked: answers.length, flips, smallestMargin };
  const [missing] = together.keys();
  throw new MlanError("contract", `generation: ${benchmark.name} no longer has the question "${missing}".`);
}
