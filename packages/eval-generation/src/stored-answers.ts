import { type AnswerRecord, MlanError, type Protocol, type Question } from "@mlan/core";
import type { AnswersFile } from "./answers-file.ts";
import { judge } from "./judge.ts";

/**
 * The answers that a file already holds, by question id. Throws `run-folder` when one is to no question, or would
 * be judged otherwise today: then extraction or targets changed without a new protocol version.
 */
export function storedAnswers(
  protocol: Protocol,
  questions: readonly Question[],
  file: AnswersFile | undefined,
): Map<string, AnswerRecord> {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const answers = new Map<string, AnswerRecord>();
  for (const record of file?.records ?? []) {
    const question = byId.get(record.id);
    if (!question) throw damaged(record, "is to no question of this benchmark");
    if (answers.has(record.id)) throw damaged(record, "stands there twice");
    const today = judge(protocol, question, record.answer);
    if (!agree(record, today)) throw damaged(record, "was judged otherwise than it would be now");
    answers.set(record.id, record);
  }
  return answers;
}

function agree(one: AnswerRecord, other: AnswerRecord): boolean {
  return (["extracted", "target", "correct", "cluster"] as const).every((key) => one[key] === other[key]);
}

function damaged({ id }: AnswerRecord, what: string): MlanError {
  return new MlanError(
    "run-folder",
    `generation: the stored answer "${id}" ${what}. Delete the answer file to ask again, or use another run folder.`,
  );
}
