import type { Benchmark, PromptFamily, Protocol, ProtocolName, Question } from "./benchmark.ts";
import type { OpenOptions } from "./dataset.ts";
import { messageOf, MlanError } from "./errors.ts";

/**
 * Puts every question of a benchmark into words, as asking it would. Throws `invalid-data` for the first that cannot be
 * asked or judged; one that only some wordings refuse counts as askable, since a model's wording may not be known yet.
 */
export async function checkQuestions(
  benchmark: Benchmark,
  name: ProtocolName,
  { signal }: OpenOptions = {},
): Promise<void> {
  const protocol = benchmark.protocol(name);
  const examples = await benchmark.open(signal ? { signal } : {});
  for (let index = 0; index < examples.length; index++) {
    if (index % QUESTIONS_PER_LOOK === 0) signal?.throwIfAborted();
    const question = await examples.at(index);
    try {
      checkPrompt(protocol, question);
      protocol.choices(question);
      protocol.target?.(question);
    } catch (cause) {
      const message = `question ${index} ("${question.id}") of ${benchmark.name} cannot be asked in the protocol ${name}: ${messageOf(cause)}`;
      throw new MlanError("invalid-data", message, { cause });
    }
  }
}

const QUESTIONS_PER_LOOK = 256;
const FAMILIES: readonly PromptFamily[] = ["tuned", "llama2-base", "vicuna-base"];

/** Throws what the first wording throws when all of them throw. */
function checkPrompt(protocol: Protocol, question: Question): void {
  const problems: unknown[] = [];
  for (const family of FAMILIES) {
    try {
      protocol.prompt(question, family);
      return;
    } catch (problem) {
      problems.push(problem);
    }
  }
  throw problems[0];
}
