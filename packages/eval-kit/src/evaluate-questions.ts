import {
  type AnswerRecord,
  type Clock,
  type EvaluateEvent,
  type EvaluateRun,
  fingerprintOf,
  MlanError,
  type Protocol,
} from "@mlan/core";
import { openAnswerLog } from "./answer-log.ts";
import type { AnswersHeader } from "./answers-header.ts";
import type { Asker } from "./asker.ts";
import { judge } from "./judge.ts";
import { type AskedQuestion, planQuestions, type QuestionPlan } from "./question-plan.ts";
import { resultOf } from "./result.ts";
import { checkStored } from "./stored-answers.ts";

export interface EvaluateQuestionsOptions {
  readonly clock: Clock;
  /** Told each answer, old and new, in no order. */
  readonly onRecord?: (record: AnswerRecord) => void;
}

/** Questions whose prompts are in memory at once. */
const CHUNK = 512;
/** The log is flushed to disk after as many answers, or after a second. */
const ANSWERS_PER_SYNC = 32;

/**
 * Asks what is not answered yet, keeps every answer, then computes the metrics. Events come in the order in which answers
 * are finished. Of an answer only its outcome stays in memory.
 */
export async function* evaluateQuestions(
  run: EvaluateRun,
  asker: Asker,
  { clock, onRecord = () => {} }: EvaluateQuestionsOptions,
): AsyncGenerator<EvaluateEvent, void, undefined> {
  const start = clock.now();
  const { model, benchmark, signal } = run;
  const protocol = benchmark.protocol(run.protocol);
  const extractor = asker.extractor(protocol, model.promptFamily);
  const plan = await planQuestions(run, protocol);
  const header = await headerOf(run, asker, protocol, plan);
  const log = run.answers && (await openAnswerLog(run.answers, header));
  try {
    checkStored(log?.records ?? [], extractor, new Set(plan.ids));
    const result = resultOf(asker.readings(protocol), plan.ids);
    const keep = (record: AnswerRecord): void => {
      result.add(record);
      onRecord(record);
    };
    for (const record of log?.records ?? []) keep(record);
    const total = { benchmark: benchmark.name, questions: plan.ids.length };
    yield { type: "evaluate-start", ...total, answered: result.answered() };

    const positions = { prompts: 0, computed: 0 };
    let synced = { at: clock.now(), answers: result.answered() };
    for await (const chunk of plan.chunks(CHUNK, (id) => !result.has(id))) {
      const open = new Map(chunk.map((asked) => [asked.question.id, asked]));
      for await (const { positions: cost, ...answer } of asker.ask(run, protocol, chunk)) {
        signal?.throwIfAborted();
        const asked = open.get(answer.id);
        if (!asked || !open.delete(answer.id))
          throw contractError(run, asker, `answered "${answer.id}", which nobody asked`);
        const record = judge(extractor, { ...answered(asked, protocol), ...answer });
        await log?.append(record);
        keep(record);
        positions.prompts += cost.prompts;
        positions.computed += cost.computed;
        if (result.answered() - synced.answers >= ANSWERS_PER_SYNC || clock.now() - synced.at > 1000) {
          await log?.sync();
          synced = { at: clock.now(), answers: result.answered() };
        }
        yield { type: "question-answered", ...total, answer: record, answered: result.answered() };
      }
      signal?.throwIfAborted();
      const [silent] = open.keys();
      if (silent !== undefined) throw contractError(run, asker, `gave no answer to "${silent}"`);
    }
    const { format: _, version: __, model: ___, ...identity } = header;
    const seconds = (clock.now() - start) / 1000;
    yield { type: "evaluate-end", result: { ...identity, ...result.estimates(asker.name), positions, seconds } };
  } finally {
    await log?.close();
  }
}

function answered({ question }: AskedQuestion, protocol: Protocol): Parameters<typeof judge>[1] {
  const { id, target, cluster } = question;
  const choices = protocol.choices(question);
  return { id, target, answer: "", choices, ...(cluster !== undefined && { cluster }) };
}

/** What the answers of this run are answers to. */
async function headerOf(
  { benchmark, model }: EvaluateRun,
  asker: Asker,
  protocol: Protocol,
  plan: QuestionPlan,
): Promise<AnswersHeader> {
  const extractor = asker.extractor(protocol, model.promptFamily);
  const judging = [asker.name, asker.settings, protocol.name, protocol.version, protocol.maximumNewTokens];
  const reading = [extractor.name, extractor.version, extractor.stop, Object.keys(protocol.metrics)];
  return {
    format: "mlan-answers",
    version: 1,
    benchmark: benchmark.name,
    evaluator: asker.name,
    protocol: protocol.name,
    protocolVersion: protocol.version,
    extractor: { name: extractor.name, version: extractor.version },
    promptFamily: model.promptFamily,
    questions: plan.ids.length,
    fingerprints: {
      questions: plan.questionsFingerprint,
      prompts: plan.promptsFingerprint,
      protocol: await fingerprintOf([...judging, ...reading]),
    },
    model: model.fingerprint,
  };
}

function contractError({ model, benchmark }: EvaluateRun, { name }: Asker, what: string): MlanError {
  return new MlanError("contract", `${name}: the model ${model.name} ${what} (${benchmark.name}).`);
}
