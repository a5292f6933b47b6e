import { type Clock, type EvaluateEvent, type EvaluateRun, MlanError } from "@mlan/core";
import { openAnswers } from "./answers-file.ts";
import { judge } from "./judge.ts";
import { orderByLength } from "./order-by-length.ts";
import { readQuestionSet } from "./question-set.ts";
import { headerOf, resultOf } from "./result.ts";
import { storedAnswers } from "./stored-answers.ts";

export interface EvaluateSettings {
  readonly clock: Clock;
  readonly batchSize?: number;
}

/** Asks what is not answered yet, then judges everything. Events come in the order in which answers are finished. */
export async function* evaluate(
  run: EvaluateRun,
  { clock, batchSize }: EvaluateSettings,
): AsyncGenerator<EvaluateEvent, void, undefined> {
  const start = clock.now();
  const { model, benchmark, signal } = run;
  const protocol = benchmark.protocol(run.protocol);
  const set = await readQuestionSet(benchmark, protocol, model.promptFamily, signal);
  const file = run.answers && (await openAnswers(run.answers, headerOf(run, protocol, set)));
  try {
    const answers = storedAnswers(protocol, set.questions, file);
    const total = { benchmark: benchmark.name, questions: set.questions.length };
    yield { type: "evaluate-start", ...total, answered: answers.size };

    const questions = new Map(set.questions.map((question) => [question.id, question]));
    const open = orderByLength(set.questions, set.requests).filter(({ id }) => !answers.has(id));
    const options = { ...(batchSize !== undefined && { batchSize }), ...(signal && { signal }) };
    for await (const { id, text } of open.length > 0 ? model.generate(open, options) : []) {
      signal?.throwIfAborted();
      const question = questions.get(id);
      if (!question || answers.has(id)) throw contractError(run, `answered "${id}", which nobody asked`);
      const answer = judge(protocol, question, text);
      await file?.append(answer);
      answers.set(id, answer);
      yield { type: "question-answered", ...total, answer, answered: answers.size };
    }
    signal?.throwIfAborted();
    const silent = open.find(({ id }) => !answers.has(id));
    if (silent) throw contractError(run, `gave no answer to "${silent.id}"`);

    const seconds = (clock.now() - start) / 1000;
    yield { type: "evaluate-end", result: resultOf({ run, protocol, set, answers, seconds }) };
  } finally {
    await file?.close();
  }
}

function contractError({ model, benchmark }: EvaluateRun, what: string): MlanError {
  return new MlanError("contract", `generation: the model ${model.name} ${what} (${benchmark.name}).`);
}
