import { createHash } from "node:crypto";
import {
  checkWording,
  type EvaluateRun,
  MlanError,
  type Prompt,
  promptTexts,
  type Protocol,
  type Question,
  targetProblem,
} from "@mlan/core";
import { orderByLength } from "./order-by-length.ts";

export interface AskedQuestion {
  readonly question: Question;
  readonly prompt: Prompt;
}

/** The questions of a benchmark in the order in which they are asked. Prompts are built when they are needed. */
export interface QuestionPlan {
  /** The ids of all questions, in the order of the benchmark. */
  readonly ids: readonly string[];
  /** Number of questions in the benchmark, if only the first ones are asked. */
  readonly total?: number;
  /** Whether any question offers choices in its prompt. */
  readonly offersChoices: boolean;
  /** SHA-256 of the benchmark's data. */
  readonly questionsFingerprint: string;
  /** SHA-256 of all prompts. */
  readonly promptsFingerprint: string;
  /**
   * Yields the questions that `wanted` selects: the longest first, and the questions of a cluster together. A chunk has
   * `size` questions, up to four times as many to keep a cluster together, and fewer at the end.
   */
  chunks(size: number, wanted: (id: string) => boolean): AsyncIterable<readonly AskedQuestion[]>;
}

/**
 * Reads every question once. Throws `invalid-options` for a wording that the protocol does not support, and
 * `invalid-data` when there are no questions, when two questions have the same id, or when a question has no correct
 * answer.
 */
export async function planQuestions(
  { benchmark, model, signal }: Pick<EvaluateRun, "benchmark" | "model" | "signal">,
  protocol: Protocol,
): Promise<QuestionPlan> {
  checkWording(benchmark, protocol.name, model.wording.name);
  const examples = await benchmark.open(signal ? { signal } : {});
  if (examples.length === 0) {
    throw new MlanError("invalid-data", `${benchmark.name} has no questions; check its split and filters.`);
  }
  const ask = async (index: number): Promise<AskedQuestion> => {
    const question = await examples.at(index);
    return { question, prompt: protocol.prompt(question, model.wording) };
  };
  const indexOf = new Map<string, number>();
  const measured: { length: number; cluster: string | undefined }[] = [];
  const [questions, prompts] = [createHash("sha256"), createHash("sha256")];
  questions.update(JSON.stringify([benchmark.name, examples.fingerprint]));
  let offersChoices = false;
  for (let index = 0; index < examples.length; index++) {
    signal?.throwIfAborted();
    const { question, prompt } = await ask(index);
    const { id, target, cluster } = question;
    if (indexOf.has(id)) throw new MlanError("invalid-data", `${benchmark.name} has two questions "${id}".`);
    const problem = targetProblem(protocol, question);
    if (problem !== undefined) {
      throw new MlanError("invalid-data", `question ${index} ("${id}") of ${benchmark.name}: ${problem}`);
    }
    indexOf.set(id, index);
    offersChoices ||= protocol.choices(question).length > 0;
    measured.push({ length: lengthOf(prompt), cluster });
    questions.update(JSON.stringify([id, target]));
    prompts.update(JSON.stringify([id, prompt]));
  }
  const ids = [...indexOf.keys()];
  return {
    ids,
    ...(examples.total !== undefined && { total: examples.total }),
    offersChoices,
    questionsFingerprint: questions.digest("hex"),
    promptsFingerprint: prompts.digest("hex"),
    async *chunks(size, wanted) {
      let chunk: AskedQuestion[] = [];
      for (const group of orderByLength(measured)) {
        for (const index of group) {
          if (wanted(ids[index] ?? "")) chunk.push(await ask(index));
          if (chunk.length < LARGEST_CLUSTER * size) continue;
          yield chunk;
          chunk = [];
        }
        if (chunk.length < size) continue;
        yield chunk;
        chunk = [];
      }
      if (chunk.length > 0) yield chunk;
    },
  };
}

/** Maximum size, in chunks, of a cluster whose questions are kept together. */
const LARGEST_CLUSTER = 4;

/**
 * Returns the length of a prompt in characters, which is nearly proportional to its tokens. Images are ignored, because
 * all have the same number of positions.
 */
function lengthOf(prompt: Prompt): number {
  return promptTexts(prompt).join("").length;
}
