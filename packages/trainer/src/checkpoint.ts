import { access, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { messageOf, MlanError, type TrainableModel, writeFolderAtomically, pathOf } from "@mlan/core";
import { openSafetensors, writeSafetensors } from "@mlan/safetensors";
import type { Optimizer } from "./optimizer.ts";
import { type Dependencies, readStepsDone, type TrainingState } from "./training-state.ts";

/** The checkpoints of one training stage: folders `step-000123/` that are whole or absent. */
export interface Checkpoints {
  /** Gives the folder for `TrainableModel.load`. Throws `unavailable`; the checkpoints before it are then untouched. */
  save(state: TrainingState, model: TrainableModel, optimizer: Optimizer): Promise<URL>;
  /** Takes model and optimizer from the newest one; undefined when there is none. Throws `run-folder` when it does not fit. */
  resume(depends: Dependencies, model: TrainableModel, optimizer: Optimizer): Promise<Resumed | undefined>;
}

interface Resumed {
  readonly stepsDone: number;
  /** For `TrainableModel.load`. */
  readonly folder: URL;
}

const MODEL = "model/";
const OPTIMIZER = "optimizer.safetensors";
const STATE = "trainer-state.json";

/** Checkpoints in `folder`, of which the newest `kept` stay. */
export function checkpointsIn(folder: URL, kept: number): Checkpoints {
  return {
    async save(state, model, optimizer) {
      const target = new URL(`step-${String(state.step).padStart(6, "0")}/`, folder);
      try {
        await writeFolderAtomically(target, async (temporary) => {
          await model.save(new URL(MODEL, temporary));
          await writeSafetensors(new URL(OPTIMIZER, temporary), optimizer.tensors());
          await writeFile(new URL(STATE, temporary), `${JSON.stringify(state, null, 2)}\n`);
        });
      } catch (cause) {
        throw await saveError(state, folder, cause);
      }
      const older = (await complete(folder)).slice(kept);
      await Promise.all(older.map((old) => rm(old.url, { recursive: true, force: true })));
      return new URL(MODEL, target);
    },
    async resume(depends, model, optimizer) {
      await removeUnfinished(folder);
      const [newest] = await complete(folder);
      if (!newest) return undefined;
      const stateFile = new URL(STATE, newest.url);
      const stepsDone = readStepsDone(await readFile(stateFile, "utf8"), depends, stateFile);
      const modelFolder = new URL(MODEL, newest.url);
      await model.load(modelFolder);
      await loadOptimizer(newest.url, optimizer);
      return { stepsDone, folder: modelFolder };
    },
  };
}

interface Found {
  readonly step: number;
  readonly url: URL;
}

/** Newest first. A folder whose removal was interrupted may lack its state and is passed over. */
async function complete(folder: URL): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const name of await namesIn(folder)) {
    const step = /^step-(\d+)$/.exec(name)?.[1];
    if (step === undefined) continue;
    const url = new URL(`${name}/`, folder);
    if (await exists(new URL(STATE, url))) found.push({ step: Number(step), url });
  }
  return found.toSorted((left, right) => right.step - left.step);
}

/** What a killed process was writing. */
async function removeUnfinished(folder: URL): Promise<void> {
  const names = (await namesIn(folder)).filter((name) => /^step-\d+\..*tmp$/.test(name));
  await Promise.all(names.map((name) => rm(new URL(name, folder), { recursive: true, force: true })));
}

async function namesIn(folder: URL): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (Object(error).code === "ENOENT") return [];
    throw new MlanError("unavailable", `trainer: ${pathOf(folder)} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function exists(file: URL): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function loadOptimizer(folder: URL, optimizer: Optimizer): Promise<void> {
  try {
    const tensors = await openSafetensors(new URL(OPTIMIZER, folder));
    await optimizer.load(tensors).finally(() => tensors.close());
  } catch (cause) {
    throw new MlanError(
      "run-folder",
      `trainer: ${pathOf(folder)} is damaged: ${messageOf(cause)} Remove it to go on from the checkpoint before it.`,
      { cause },
    );
  }
}

async function saveError(state: TrainingState, folder: URL, cause: unknown): Promise<MlanError> {
  const [newest] = await complete(folder);
  const rest = newest
    ? `Training goes on from step ${newest.step} when it is started again`
    : "There is no earlier one";
  return new MlanError(
    "unavailable",
    `trainer: the checkpoint of step ${state.step} could not be written to ${pathOf(folder)}. ${rest}. ${messageOf(cause)}`,
    { cause },
  );
}
