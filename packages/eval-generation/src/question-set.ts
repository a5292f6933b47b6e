import {
  type Benchmark,
  fingerprintOf,
  type GenerationRequest,
  MlanError,
  type PromptFamily,
  type Protocol,
  type Question,
} from "@mlan/core";

/** The questions of a benchmark as they are put to one model. */
export interface QuestionSet {
  readonly questions: readonly Question[];
  /** Same order as `questions`. */
  readonly requests: readonly GenerationRequest[];
  /** Of questions, prompts and protocol. */
  readonly fingerprint: string;
}

/** Throws `invalid-data` when there is no question, or two of one id. */
export async function readQuestionSet(
  benchmark: Benchmark,
  protocol: Protocol,
  family: PromptFamily,
  signal: AbortSignal | undefined,
): Promise<QuestionSet> {
  const examples = await benchmark.open(signal ? { signal } : {});
  const questions: Question[] = [];
  for (let index = 0; index < examples.length; index++) questions.push(await examples.at(index));
  signal?.throwIfAborted();
  checkQuestions(benchmark.name, questions);
  const requests = questions.map((question) => ({
    id: question.id,
    prompt: protocol.prompt(question, family),
    images: question.images,
    maximumNewTokens: protocol.maximumNewTokens,
    stop: protocol.stop,
  }));
  const asked = requests.map(({ id, prompt }) => [id, prompt]);
  const { name, version, stop, maximumNewTokens } = protocol;
  const identity = [benchmark.name, examples.fingerprint, name, version, family, stop, maximumNewTokens, asked];
  return { questions, requests, fingerprint: await fingerprintOf(identity) };
}

function checkQuestions(benchmark: string, questions: readonly Question[]): void {
  if (questions.length === 0) {
    throw new MlanError("invalid-data", `generation: ${benchmark} has no questions; check its split and filters.`);
  }
  const seen = new Set<string>();
  for (const { id } of questions) {
    if (seen.has(id)) throw new MlanError("invalid-data", `generation: ${benchmark} has two questions "${id}".`);
    seen.add(id);
  }
}
