import { type AnswerRecord, type Extractor, MlanError } from "@mlan/core";
import { judge } from "./judge.ts";

/**
 * Checks the answers that a file already holds. Throws `run-folder` when one is to no question, stands there twice, or
 * would be judged otherwise today: then extraction changed without a new version.
 */
export function checkStored(records: readonly AnswerRecord[], extractor: Extractor, ids: ReadonlySet<string>): void {
  const seen = new Set<string>();
  for (const record of records) {
    if (!ids.has(record.id)) throw damaged(record, "is to no question of this benchmark");
    if (seen.has(record.id)) throw damaged(record, "stands there twice");
    seen.add(record.id);
    const today = judge(extractor, record);
    if (today.extracted !== record.extracted || today.correct !== record.correct) {
      throw damaged(record, "was judged otherwise than it would be now");
    }
  }
}

function damaged({ id }: AnswerRecord, what: string): MlanError {
  return new MlanError(
    "run-folder",
    `the stored answer "${id}" ${what}. Delete the answer file to ask again, or use another run folder.`,
  );
}
