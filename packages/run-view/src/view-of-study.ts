import { pathOf } from "@mlan/core";
import type { StudyRecord, StudyRunRecord } from "@mlan/study";
import { emptyRun, type LoadedRun, loadReadable } from "./loaded-run.ts";
import { loadedModel, type LoadedModel } from "./models.ts";
import type { RunState, View } from "./view.ts";
import { viewFrom, type ViewOptions } from "./view-of.ts";

/**
 * Reads the runs of a study into a view, without changing any file. In the view, each arm on each backbone is one model
 * over all its seeds, and its base is the base arm on the same backbone. A run that failed, has not started or cannot
 * be read becomes a warning. `study` is the result of `readStudy` of `@mlan/study`.
 */
export async function viewOfStudy(study: StudyRecord, { answers = true }: ViewOptions = {}): Promise<View> {
  const runs: { readonly record: StudyRunRecord; readonly loaded: LoadedRun }[] = [];
  for (const record of study.runs) runs.push({ record, loaded: await loadRecord(study, record, answers) });
  const sharing = withSharedStages(runs.map(({ loaded }) => loaded));
  const all = runs.map(({ record }, place) => ({ record, loaded: sharing[place] ?? runs[place]?.loaded }));
  return viewFrom({ kind: "study", name: study.name, runs: sharing, models: modelsOf(study, all) });
}

async function loadRecord(study: StudyRecord, record: StudyRunRecord, answers: boolean): Promise<LoadedRun> {
  const { folder, seed, state } = record;
  const id = idOf(study, record);
  const known = { id, folder: pathOf(folder), seed };
  if (state === "waiting") return emptyRun({ ...known, state: "waiting" });
  const { message, stage } = { ...record.failure };
  const failure = stage === undefined ? message : `at stage ${stage}: ${message}`;
  if (record.hasChanged) {
    const problem = failure ?? "its folder contains a run with other stages than the study has now.";
    return emptyRun({ ...known, state: failure === undefined ? "unfinished" : "failed", problem });
  }
  const loaded = await loadReadable(folder, { id, seed, answers, repeated: "study" });
  if (state === "unreadable") return { ...loaded, state, problem: failure ?? "" };
  if (failure === undefined) return { ...loaded, state: stateOf(record, loaded) };
  return { ...loaded, state: "failed", problem: failure };
}

function stateOf({ state }: StudyRunRecord, loaded: LoadedRun): RunState {
  if (loaded.state === "unreadable") return "unreadable";
  return state === "done" ? "done" : "unfinished";
}

/** Returns the id of a run. It contains the model and the seed only if the study has several. */
function idOf({ models, seeds }: StudyRecord, { model, arm, seed }: StudyRunRecord): string {
  const named = models.length > 1 ? `${model}/${arm}` : arm;
  return seeds.length > 1 ? `${named}, seed ${seed}` : named;
}

function modelsOf(
  { models, arms, base, seeds }: StudyRecord,
  runs: readonly { readonly record: StudyRunRecord; readonly loaded: LoadedRun | undefined }[],
): readonly LoadedModel[] {
  const isSeveral = models.length > 1;
  const nameOf = (model: string, arm: string): string => (isSeveral ? `${model}/${arm}` : arm);
  return models.flatMap((model) =>
    arms.map(({ name: arm }) => {
      const evaluations = seeds.flatMap((seed) =>
        runs.flatMap(({ record, loaded }) => {
          const { evaluation: stage } = record;
          if (record.model !== model || record.arm !== arm || record.seed !== seed) return [];
          // A run that has not reached its evaluation says nothing about the arm.
          const isEvaluated = loaded?.results.some((result) => result.stage === stage) ?? false;
          return loaded && stage !== undefined && isEvaluated ? [{ run: loaded.id, stage, seed, loaded }] : [];
        }),
      );
      const known = {
        id: nameOf(model, arm),
        label: nameOf(model, arm),
        arm,
        ...(isSeveral && { backbone: model }),
        ...(arm !== base && { base: nameOf(model, base) }),
      };
      return loadedModel(known, evaluations);
    }),
  );
}

/**
 * Sets {@link LoadedRun.sharedFrom} for stages that ran once for several runs. The cost counts in the run that did the
 * work. If a stage ran in a folder of shared stages, or in a run that has since been replaced, the cost counts in the
 * first run that copied the stage.
 */
function withSharedStages(runs: readonly LoadedRun[]): readonly LoadedRun[] {
  const copies = runs.flatMap(({ id, run }) =>
    Object.entries(run?.manifest.stages ?? {}).map(([stage, { copiedFrom, finished }]) => {
      const place = copiedFrom === undefined ? run?.folder : new URL(copiedFrom, run?.folder);
      return { id, stage, isCopy: copiedFrom !== undefined, work: JSON.stringify([place?.href, stage, finished]) };
    }),
  );
  const payers = new Map<string, string>();
  for (const { id, isCopy, work } of copies) if (!isCopy || !payers.has(work)) payers.set(work, id);
  return runs.map((loaded) => {
    const shared = copies.flatMap(({ id, stage, work }) => {
      const payer = payers.get(work);
      return id === loaded.id && payer !== undefined && payer !== id ? [[stage, payer] as const] : [];
    });
    return shared.length === 0 ? loaded : { ...loaded, sharedFrom: new Map(shared) };
  });
}
