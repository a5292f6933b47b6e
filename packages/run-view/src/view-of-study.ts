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
  if (state === "changed") {
    const problem = "its folder contains a run with other stages than the study has now.";
    return emptyRun({ ...known, state: "unfinished", problem });
  }
  const loaded = await loadReadable(folder, { id, seed, answers });
  if (record.failure === undefined) return { ...loaded, state: stateOf(record, loaded) };
  const { message, stage } = record.failure;
  return { ...loaded, state: "failed", problem: stage === undefined ? message : `at stage ${stage}: ${message}` };
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

/** Sets {@link LoadedRun.sharedFrom} of runs with stages that were copied from another run of the study. */
function withSharedStages(runs: readonly LoadedRun[]): readonly LoadedRun[] {
  const byFolder = new Map(runs.map(({ folder, id }) => [folder, id]));
  return runs.map((loaded) => {
    const stages = Object.entries(loaded.run?.manifest.stages ?? {});
    const shared = stages.flatMap(([stage, { copiedFrom }]) => {
      if (copiedFrom === undefined || !loaded.run) return [];
      const origin = pathOf(new URL(copiedFrom, loaded.run.folder));
      return [[stage, byFolder.get(origin) ?? origin] as const];
    });
    return shared.length === 0 ? loaded : { ...loaded, sharedFrom: new Map(shared) };
  });
}
