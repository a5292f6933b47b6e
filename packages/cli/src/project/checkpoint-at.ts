import { stat } from "node:fs/promises";
import { checkpointDigest, CHECKSUMS_FILE, MlanError, pathOf, readRun } from "@mlan/core";
import type { HubModel } from "@mlan/hub";
import { checkpointPlace } from "./checkpoint-place.ts";

/**
 * Resolves the checkpoint in a command line, see {@link checkpointPlace}. A run folder resolves to the checkpoint of
 * its last finished training stage, and the checkpoint of a training step to the model inside it. `option` is the name
 * of the option or argument, for errors.
 */
export async function checkpointAt(path: string, option: string): Promise<URL | HubModel> {
  const folder = checkpointPlace(path);
  if (!(folder instanceof URL)) return folder;
  const run = await readRun(folder, { skipDamaged: true }).catch(() => undefined);
  if (!run) return (await isStep(folder)) ? new URL("model/", folder) : folder;
  const { plan, stages } = run.manifest;
  const { checkpoint, checkpointDigest: recorded } =
    plan.stages.map(({ name }) => stages[name]).findLast((stage) => stage?.done && stage.checkpoint) ?? {};
  if (checkpoint !== undefined) {
    const url = new URL(checkpoint, folder);
    if (recorded !== undefined) await checkRecorded(url, recorded, option);
    return url;
  }
  throw new MlanError("run-folder", `the run in ${path} has no finished training stage. Give a checkpoint folder.`);
}

/** Whether the folder is a trainer's checkpoint, which contains the model and the trainer's state. */
async function isStep(folder: URL): Promise<boolean> {
  const [own, inside] = ["config.json", "model/config.json"].map((name) =>
    stat(new URL(name, folder)).then(
      () => true,
      () => false,
    ),
  );
  return !(await own) && (await inside) === true;
}

/**
 * Checks a checkpoint against the digest that the run recorded. The digest covers `checksums.json`, and therefore the
 * weights.
 */
async function checkRecorded(checkpoint: URL, recorded: string, option: string): Promise<void> {
  const found = await checkpointDigest(checkpoint);
  if (found === recorded) return;
  const problem =
    found === undefined ? "is missing, so the weights cannot be verified" : "is not the one that the run recorded";
  const message = `${pathOf(new URL(CHECKSUMS_FILE, checkpoint))} ${problem}. Restore it, or copy ${pathOf(checkpoint)} to another folder and use the copy as ${option}.`;
  throw new MlanError("run-folder", message);
}
