import { type AnswerRecord, type Extractor, MlanError } from "@mlan/core";
import { judge } from "./judge.ts";

/**
 * Checks the answers that a file already contains. Throws `run-folder` when an answer belongs to no question, occurs
 * twice, or would now be judged differently, because the extractor has changed without a new version.
 */
export function checkStored(records: readonly AnswerRecord[], extractor: Extractor, ids: ReadonlySet<string>): void {
  const seen = new Set<string>();
  for (const record of records) {
    if (!ids.has(record.id)) throw damaged(record, "belongs to no question of this benchmark");
    if (seen.has(record.id)) throw damaged(record, "occurs twice");
    seen.add(record.id);
    const today = judge(extractor, record);
    if (today.extracted !== record.extracted || today.correct !== record.correct) {
      throw damaged(record, "was judged differently than it would be now");
    }
  }
}

function damaged({ id }: AnswerRecord, what: string): MlanError {
  return new MlanError("run-folder", `the stored answer "${id}" ${what}. Delete the answer file to ask again.`);
}
