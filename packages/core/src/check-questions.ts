import type { PromptFamily, Protocol, Question } from "./benchmark.ts";
import type { PlannedEvaluation } from "./evaluator.ts";
import { targetProblem } from "./target-problem.ts";
import { messageOf, MlanError } from "./errors.ts";

/**
 * Builds the prompt of every question of a benchmark. Throws `invalid-data` for the first question that cannot be asked
 * or judged, or that has no correct answer. While the wording (`family`) is unknown, a question passes when at least
 * one wording accepts it.
 */
export async function checkQuestions(
  { benchmark, protocol: name, signal }: PlannedEvaluation,
  family: PromptFamily | undefined,
): Promise<void> {
  const protocol = benchmark.protocol(name);
  const examples = await benchmark.open(signal ? { signal } : {});
  for (let index = 0; index < examples.length; index++) {
    if (index % QUESTIONS_PER_LOOK === 0) signal?.throwIfAborted();
    const question = await examples.at(index);
    const place = `question ${index} ("${question.id}") of ${benchmark.name}`;
    let problem: string | undefined;
    try {
      checkPrompt(protocol, question, family ? [family] : FAMILIES);
      problem = targetProblem(protocol, question);
    } catch (cause) {
      const asked = family ? `the protocol ${name}, worded for ${family} models` : `the protocol ${name}`;
      throw new MlanError("invalid-data", `${place} cannot be asked in ${asked}: ${messageOf(cause)}`, { cause });
    }
    if (problem !== undefined) throw new MlanError("invalid-data", `${place}: ${problem}`);
  }
}

const QUESTIONS_PER_LOOK = 256;
const FAMILIES: readonly PromptFamily[] = ["tuned", "llama2-base", "vicuna-base"];

/** Throws the first wording's error when every wording throws. */
function checkPrompt(protocol: Protocol, question: Question, families: readonly PromptFamily[]): void {
  const problems: unknown[] = [];
  for (const family of families) {
    try {
      protocol.prompt(question, family);
      return;
    } catch (problem) {
      problems.push(problem);
    }
  }
  throw problems[0];
}
