import { writeFile } from "node:fs/promises";
import {
  CHECKSUMS_FILE,
  MlanError,
  pathOf,
  reasonOf,
  type StepEndEvent,
  type TrainableModel,
  verifyChecksums,
  writeChecksums,
  writeFolderAtomically,
} from "@mlan/core";
import { openSafetensors, writeSafetensors } from "@mlan/safetensors";
import {
  checkpointFolder,
  type CheckpointFolder,
  checkpointFolders,
  removeCheckpoint,
  removeUnfinished,
  STATE_FILE,
} from "./checkpoint-folders.ts";
import type { Optimizer } from "./optimizer.ts";
import { historyText, readHistory } from "./step-history.ts";
import { checkBelongs, readState, type RunState, stateText, type TrainingState } from "./training-state.ts";

/** The objects whose state a checkpoint stores. */
interface CheckpointContent {
  readonly model: TrainableModel;
  readonly optimizer: Optimizer;
}

/** The checkpoints of one training stage: folders `step-000123/`, each of which is complete. */
export interface Checkpoints {
  /**
   * Writes a checkpoint, removes older ones after it is on disk, and returns the folder for
   * {@link TrainableModel.load}. `history` contains the steps up to `step`. Throws `unavailable`, or the errors of
   * {@link TrainableModel.save}; older checkpoints are then unchanged.
   */
  save(step: number, history: readonly StepEndEvent[], content: CheckpointContent): Promise<URL>;
  /**
   * Loads model and optimizer from the newest checkpoint. Undefined when there is none. Throws `run-folder` when one of
   * its files has changed or it belongs to another run, and `unavailable` when it cannot be read.
   */
  resume(content: CheckpointContent): Promise<Resumed | undefined>;
}

interface Resumed {
  readonly stepsDone: number;
  /** The checkpoint, for {@link TrainableModel.load}. */
  readonly folder: URL;
  /** The finished steps. Steps before the first checkpoint of format 2 are missing. */
  readonly history: readonly StepEndEvent[];
  readonly warnings: readonly string[];
}

const MODEL = "model/";
const OPTIMIZER = "optimizer.safetensors";
const HISTORY = "steps.jsonl";

/** Number of a stage's newest checkpoints that are kept. */
export const CHECKPOINTS_KEPT = 2;

/** Returns the checkpoints of the run in `folder`. Keeps only the newest {@link CHECKPOINTS_KEPT}. */
export function checkpointsIn(folder: URL, run: RunState): Checkpoints {
  return {
    async save(step, history, { model, optimizer }) {
      const { url } = checkpointFolder(folder, step);
      try {
        await writeFolderAtomically(url, async (temporary) => {
          await model.save(new URL(MODEL, temporary), { trainedOnly: true });
          const sha256 = await writeSafetensors(new URL(OPTIMIZER, temporary), optimizer.tensors());
          await writeFile(new URL(HISTORY, temporary), historyText(history));
          await writeFile(new URL(STATE_FILE, temporary), stateText(step, run));
          await writeChecksums(temporary, { known: new Map([[OPTIMIZER, sha256]]) });
        });
      } catch (cause) {
        throw await saveError(step, folder, cause);
      }
      for (const old of (await checkpointFolders(folder)).slice(CHECKPOINTS_KEPT)) await removeCheckpoint(old);
      return new URL(MODEL, url);
    },
    async resume(content) {
      await removeUnfinished(folder);
      const [newest, older] = await checkpointFolders(folder);
      if (!newest) return undefined;
      const whole = <Result>(reading: Promise<Result>): Promise<Result> =>
        reading.catch((cause: unknown) => {
          throw readError(newest, older, cause);
        });
      // Every file is verified before model or optimizer changes.
      const { state, verified } = await whole(readVerifiedState(newest));
      checkBelongs(state, newest, run);
      return await whole(load(newest, { state, verified }, content));
    },
  };
}

interface VerifiedState {
  readonly state: TrainingState;
  readonly verified: boolean;
}

async function readVerifiedState({ url }: CheckpointFolder): Promise<VerifiedState> {
  const verified = await verifyChecksums(url);
  const state = await readState(new URL(STATE_FILE, url));
  if (verified || state.formatVersion === 1) return { state, verified };
  throw new MlanError("run-folder", `${pathOf(new URL(CHECKSUMS_FILE, url))} is missing. Restore it from a copy.`);
}

async function load(
  { step, url }: CheckpointFolder,
  { state, verified }: VerifiedState,
  { model, optimizer }: CheckpointContent,
): Promise<Resumed> {
  const history = state.formatVersion === 1 ? [] : await readHistory(new URL(HISTORY, url), step);
  const folder = new URL(MODEL, url);
  await model.load(folder);
  const moments = await openSafetensors(new URL(OPTIMIZER, url));
  await optimizer.load(moments).finally(() => moments.close());
  const warnings = verified
    ? []
    : [`${pathOf(url)} was written by an earlier version, without checksums, so it was not verified.`];
  return { stepsDone: step, folder, history, warnings };
}

/** Returns the error for a checkpoint that cannot be read (`unavailable`) or is damaged (`run-folder`). */
function readError({ url }: CheckpointFolder, older: CheckpointFolder | undefined, cause: unknown): MlanError {
  const { code, syscall }: { code?: unknown; syscall?: unknown } = Object(cause);
  if (MlanError.is(cause, "unavailable") || (syscall !== undefined && code !== "ENOENT")) {
    return new MlanError("unavailable", `trainer: ${pathOf(url)} cannot be read: ${reasonOf(cause)}`, { cause });
  }
  const rest = older ? `resume from step ${older.step}` : "start this stage over";
  const message = `trainer: ${pathOf(url)} is damaged: ${reasonOf(cause)} Alternatively, remove that folder to ${rest}.`;
  return new MlanError("run-folder", message, { cause });
}

async function saveError(step: number, folder: URL, cause: unknown): Promise<MlanError> {
  const [newest] = await checkpointFolders(folder).catch(() => []);
  const rest = newest
    ? `When started again, training resumes from step ${newest.step}`
    : "There is no earlier checkpoint";
  return new MlanError(
    MlanError.is(cause) ? cause.code : "unavailable",
    `trainer: the checkpoint of step ${step} could not be written to ${pathOf(folder)}. ${rest}. ${reasonOf(cause)}`,
    { cause },
  );
}
