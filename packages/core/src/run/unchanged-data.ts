import { pathOf } from "@mlan/errors";
import { openedDatasets } from "../data/opened-datasets.ts";
import { MlanError } from "../errors.ts";
import type { DataRecord } from "./manifest.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Stage } from "./stage.ts";
import { openedThrough, type StageData } from "./stage-data.ts";

/**
 * Returns the datasets of a stage, each of which is read at most once. Opening a dataset throws `run-folder` when its
 * rows differ from the recorded ones, because a stage may begin hours after its data was checked.
 */
export function unchangedData(
  stage: Pick<Stage, "name" | "data" | "asks">,
  records: Readonly<Record<string, DataRecord>>,
  folder: RunFolder,
): StageData {
  return openedThrough(openedDatasets(), stage, ({ name }, { fingerprint }) => {
    if (fingerprint === records[name]?.fingerprint) return;
    const when = `between the start of this run and that of stage "${stage.name}"`;
    throw changedContent(folder, `the rows of the data ${name} have changed ${when}`);
  });
}

/** Thrown for a run whose inputs have changed since it began. Such a run cannot be continued, but can be replaced. */
export class ChangedInput extends MlanError {}

/** Returns the error for an input or a checkpoint that has changed since the run began. */
export function changedContent({ url, otherwise }: RunFolder, what: string): MlanError {
  const message = `${pathOf(url)} cannot be continued: ${what}, and its results would mix old and new content. Restore the old content, or ${otherwise}.`;
  return new MlanError("run-folder", message);
}
