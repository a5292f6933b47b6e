import { messageOf } from "@mlan/errors";
import type { Protocol, Question } from "../contracts/benchmark.ts";
import { checkWording } from "./check-wording.ts";
import { MlanError } from "../errors.ts";
import type { PlannedEvaluation } from "../contracts/evaluator.ts";
import { targetProblem } from "./target-problem.ts";
import { chatWording, type Wording } from "../contracts/wording.ts";

/**
 * Builds the prompt of every question of a benchmark. Throws `invalid-options` for a wording that the protocol does not
 * support, and `invalid-data` for the first question that cannot be asked or has no correct answer. If the wording is
 * unknown, a question passes when the protocol can ask it in at least one wording.
 */
export async function checkQuestions(
  { benchmark, protocol: name, signal }: PlannedEvaluation,
  wording: Wording | undefined,
): Promise<void> {
  if (wording) checkWording(benchmark, name, wording.name);
  const protocol = benchmark.protocol(name);
  const wordings = wording ? [wording] : (protocol.wordings ?? ["any"]).map(chatWording);
  const examples = await benchmark.open(signal ? { signal } : {});
  for (let index = 0; index < examples.length; index++) {
    if (index % QUESTIONS_PER_LOOK === 0) signal?.throwIfAborted();
    const question = await examples.at(index);
    const place = `question ${index} ("${question.id}") of ${benchmark.name}`;
    let problem: string | undefined;
    try {
      checkPrompt(protocol, question, wordings);
      problem = targetProblem(protocol, question);
    } catch (cause) {
      const asked = wording ? `the protocol ${name}, worded for ${wording.name} models` : `the protocol ${name}`;
      throw new MlanError("invalid-data", `${place} cannot be asked in ${asked}: ${messageOf(cause)}`, { cause });
    }
    if (problem !== undefined) throw new MlanError("invalid-data", `${place}: ${problem}`);
  }
}

const QUESTIONS_PER_LOOK = 256;

/** Throws the first wording's error if every wording throws. */
function checkPrompt(protocol: Protocol, question: Question, wordings: readonly Wording[]): void {
  const problems: unknown[] = [];
  for (const wording of wordings) {
    try {
      protocol.prompt(question, wording);
      return;
    } catch (problem) {
      problems.push(problem);
    }
  }
  throw problems[0];
}
