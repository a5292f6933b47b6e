import {
  type AnswerRecord,
  type Clock,
  type EvaluateEvent,
  type EvaluateRun,
  fingerprintOf,
  MlanError,
  type Prompt,
  promptTexts,
  type Protocol,
} from "@mlan/core";
import { type AnswerLog, openAnswerLog } from "./answer-log.ts";
import type { AnswersHeader } from "./answers-header.ts";
import type { EvaluationMethod, NewAnswer } from "./evaluation-method.ts";
import { judge, targetOf } from "./judge.ts";
import { type AskedQuestion, planQuestions, type QuestionPlan } from "./question-plan.ts";
import { pendingResult } from "./pending-result.ts";
import { checkStored } from "./stored-answers.ts";

export interface EvaluateQuestionsOptions {
  readonly clock: Clock;
  /** Called once per answer, stored or new, in no particular order. */
  readonly onRecord?: (record: AnswerRecord) => void;
}

/** Number of questions whose prompts are in memory at the same time. */
const CHUNK = 512;
const ANSWERS_PER_SYNC = 32;
const MILLISECONDS_PER_SYNC = 1000;

/**
 * Asks the questions that have no stored answer, stores every answer, then computes the metrics. Yields events in the
 * order in which answers are complete. Keeps only the outcomes of answers in memory.
 */
export async function* evaluateQuestions(
  run: EvaluateRun,
  method: EvaluationMethod,
  { clock, onRecord = () => {} }: EvaluateQuestionsOptions,
): AsyncGenerator<EvaluateEvent, void, undefined> {
  const start = clock.now();
  const protocol = run.benchmark.protocol(run.protocol);
  const plan = await planQuestions(run, protocol);
  method.check?.(run, plan);
  const header = await headerOf(run, method, protocol, plan);
  const log = run.answers && (await openAnswerLog(run.answers, header));
  try {
    const stored = log?.records ?? [];
    checkStored(stored, method.extractor(protocol, run.model.wording.name), new Set(plan.ids));
    const result = pendingResult(method.scorings(protocol), plan.ids);
    const synced = syncNowAndThen(log, clock);
    for (const record of stored) {
      result.add(record);
      onRecord(record);
    }
    const total = { benchmark: run.benchmark.name, questions: plan.ids.length };
    yield { type: "evaluate-start", ...total, answered: result.answered() };
    for await (const chunk of plan.chunks(CHUNK, (id) => !result.has(id))) {
      for await (const { record, positions } of askChunk(run, method, protocol, chunk)) {
        await log?.append(record);
        await synced();
        result.add(record, positions);
        onRecord(record);
        yield { type: "question-answered", ...total, answer: record, answered: result.answered() };
      }
    }
    const { format: _, version: __, model: ___, stage: ____, weights: _____, ...identity } = header;
    const seconds = (clock.now() - start) / 1000;
    yield { type: "evaluate-end", result: { ...identity, ...result.finish(method.name), seconds } };
  } finally {
    await log?.close();
  }
}

/**
 * Yields the judged answers to a chunk of questions. Throws `contract` unless each question is answered exactly once.
 */
async function* askChunk(
  run: EvaluateRun,
  method: EvaluationMethod,
  protocol: Protocol,
  chunk: readonly AskedQuestion[],
): AsyncGenerator<{ readonly record: AnswerRecord; readonly positions: NewAnswer["positions"] }, void, undefined> {
  const { model, benchmark, signal } = run;
  const contractError = (what: string): MlanError =>
    new MlanError("contract", `${method.name}: the model ${model.name} ${what} (${benchmark.name}).`);
  const extractor = method.extractor(protocol, model.wording.name);
  const open = new Map(chunk.map((asked) => [asked.question.id, asked]));
  for await (const { positions, truncatedPositions = 0, ...answer } of method.ask(run, protocol, chunk)) {
    signal?.throwIfAborted();
    const asked = open.get(answer.id);
    if (!asked || !open.delete(answer.id)) throw contractError(`answered "${answer.id}", which was not asked`);
    const { question } = asked;
    const { cluster, kind } = question;
    const target = targetOf(protocol, question);
    const choices = protocol.choices(question);
    const answered = { ...answer, target, choices, ...(cluster !== undefined && { cluster }) };
    const truncated = truncatedPositions > 0 && { truncatedPositions };
    const names = question.images.map((image) => image.name);
    const texts = promptTexts(asked.prompt).filter((text) => text !== "");
    const read = { asked: texts.join("\n"), ...(names.length > 0 && { images: names }) };
    const named = { ...(kind !== undefined && { kind }), prompt: await nameOf(asked.prompt) };
    yield { record: { ...judge(extractor, answered), ...truncated, ...named, ...read }, positions };
  }
  signal?.throwIfAborted();
  const [silent] = open.keys();
  if (silent !== undefined) throw contractError(`gave no answer to "${silent}"`);
}

async function nameOf(prompt: Prompt): Promise<string> {
  return (await fingerprintOf(prompt)).slice(0, 16);
}

/** Returns a function that syncs the log to disk if there are enough new answers or enough time has passed. */
function syncNowAndThen(log: AnswerLog | undefined, clock: Clock): () => Promise<void> {
  let answers = 0;
  let last = clock.now();
  return async () => {
    answers += 1;
    if (answers < ANSWERS_PER_SYNC && clock.now() - last < MILLISECONDS_PER_SYNC) return;
    await log?.sync();
    answers = 0;
    last = clock.now();
  };
}

async function headerOf(
  { benchmark, model, stage, weights }: EvaluateRun,
  method: EvaluationMethod,
  protocol: Protocol,
  plan: QuestionPlan,
): Promise<AnswersHeader> {
  const extractor = method.extractor(protocol, model.wording.name);
  const judging = [method.name, method.settings, protocol.name, protocol.version, protocol.maximumNewTokens];
  const reading = [extractor.name, extractor.version, extractor.stop, Object.keys(protocol.metrics)];
  return {
    format: "mlan-answers",
    version: 1,
    benchmark: benchmark.name,
    evaluator: method.name,
    protocol: protocol.name,
    protocolVersion: protocol.version,
    extractor: { name: extractor.name, version: extractor.version },
    wording: model.wording.name,
    questions: plan.ids.length,
    ...(plan.total !== undefined && { questionsInBenchmark: plan.total }),
    fingerprints: {
      questions: plan.questionsFingerprint,
      prompts: plan.promptsFingerprint,
      protocol: await fingerprintOf([...judging, ...reading]),
    },
    ...(model.templateFingerprint !== undefined && { template: model.templateFingerprint }),
    model: model.fingerprint,
    ...(stage !== undefined && { stage }),
    ...(weights !== undefined && { weights }),
  };
}
