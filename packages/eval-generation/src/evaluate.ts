import type { Clock, EvaluateEvent, EvaluateRun } from "@mlan/core";
import { evaluateQuestions } from "@mlan/eval-kit";
import type { GenerationEvaluatorOptions } from "./generation.ts";
import { generationMethod } from "./generation-method.ts";
import { sampleAnswers, verifyAnswers } from "./verify.ts";

/** Evaluates a benchmark, and then asks `verify` of its questions again, one at a time. */
export async function* evaluate(
  run: EvaluateRun,
  { verify = 0, ...options }: GenerationEvaluatorOptions,
  clock: Clock,
): AsyncGenerator<EvaluateEvent, void, undefined> {
  const sample = sampleAnswers(verify, run.benchmark.name);
  for await (const event of evaluateQuestions(run, generationMethod(options), { clock, onRecord: sample.add })) {
    if (event.type !== "evaluate-end" || verify === 0) {
      yield event;
      continue;
    }
    const verification = await verifyAnswers(run, sample.answers());
    yield { ...event, result: { ...event.result, verification } };
  }
}
