import { z } from "zod";
import { backbonesOf } from "./backbones.ts";
import type { LoadedRun } from "./loaded-run.ts";
import { meanOf } from "./seed-spread.ts";
import type { EvaluatedModel, Evaluation, TrainingCost } from "./view.ts";

/** A model, and its evaluations with the runs that they belong to. */
export interface LoadedModel {
  readonly model: EvaluatedModel;
  readonly evaluations: readonly LoadedEvaluation[];
}

export interface LoadedEvaluation extends Evaluation {
  readonly loaded: LoadedRun;
}

/**
 * Returns one model per evaluation stage that has results or answers. The first model is the base of the others. Labels
 * contain the run only if there are several runs, and models have a backbone only if the runs have several.
 */
export function modelsOfRuns(runs: readonly LoadedRun[]): readonly LoadedModel[] {
  const stages = runs.flatMap((loaded) => evaluatedStages(loaded).map((stage) => ({ loaded, stage })));
  const idOf = ({ loaded, stage }: (typeof stages)[number]): string =>
    runs.length === 1 ? stage : `${loaded.id}: ${stage}`;
  const backbones = backbonesOf(runs);
  const [first] = stages;
  return stages.map((one) => {
    const base = first === one || first === undefined ? {} : { base: idOf(first) };
    const evaluation = { run: one.loaded.id, stage: one.stage, seed: one.loaded.seed, loaded: one.loaded };
    const backbone = backbones.get(one.loaded);
    const known = { id: idOf(one), label: idOf(one), ...(backbone !== undefined && { backbone }), ...base };
    return loadedModel(known, [evaluation]);
  });
}

/** Returns the stages of a run that have a result or answers, in the order of the plan. */
function evaluatedStages({ run, results, answers }: LoadedRun): readonly string[] {
  const found = new Set([...results.map(({ stage }) => stage), ...[...answers.keys()].map(stageIn)]);
  const planned = run?.manifest.plan.stages.map(({ name }) => name) ?? [];
  return [...planned.filter((name) => found.has(name)), ...[...found].filter((name) => !planned.includes(name))];
}

function stageIn(place: string): string {
  const [stage]: readonly string[] = JSON.parse(place);
  return stage ?? "";
}

/** Adds what the runs recorded about a model: evaluations, wordings, language share and cost of training. */
export function loadedModel(
  known: Pick<EvaluatedModel, "id" | "label" | "arm" | "backbone" | "base">,
  evaluations: readonly LoadedEvaluation[],
): LoadedModel {
  const shares = evaluations.map((one) => languageShareOf(one));
  const knownShares = shares.flatMap((share) => share ?? []);
  const wordings = evaluations.flatMap(({ loaded, stage }) =>
    loaded.results.flatMap((result) => (result.stage === stage ? [result.wording] : [])),
  );
  return {
    model: {
      ...known,
      evaluations: evaluations.map(({ run, stage, seed }) => ({ run, stage, seed })),
      wordings: [...new Set(wordings)],
      ...(shares.length > 0 && knownShares.length === shares.length && { languageShare: meanOf(knownShares) }),
      isTuned: evaluations.some((one) => stagesBefore(one).some((stage) => isTuning(trainedIn(stage) ?? ["language"]))),
      training: meanCost(evaluations.map(trainingBefore)),
    },
    evaluations,
  };
}

const NO_COST: TrainingCost = { steps: 0, text: 0, image: 0, padding: 0, supervised: 0, flops: 0, seconds: 0 };
const COST_KEYS = ["steps", "text", "image", "padding", "supervised", "flops", "seconds"] as const;

/** Returns the cost of all training before an evaluation. */
function trainingBefore(evaluation: LoadedEvaluation): TrainingCost {
  const { manifest } = evaluation.loaded.run ?? {};
  const spent = stagesBefore(evaluation).flatMap(({ name }) => manifest?.stages[name]?.ledger ?? []);
  return spent.reduce<TrainingCost>((total, cost) => combined(total, cost, (a, b) => a + b), NO_COST);
}

function meanCost(costs: readonly TrainingCost[]): TrainingCost {
  const entries = COST_KEYS.map(
    (key) => [key, costs.length === 0 ? 0 : meanOf(costs.map((cost) => cost[key]))] as const,
  );
  return { ...NO_COST, ...Object.fromEntries(entries) };
}

function combined(one: TrainingCost, other: TrainingCost, by: (a: number, b: number) => number): TrainingCost {
  return { ...NO_COST, ...Object.fromEntries(COST_KEYS.map((key) => [key, by(one[key], other[key])])) };
}

/** Loose, since stages of other packages may have any settings. */
const trainingSchema = z.looseObject({ recipe: z.looseObject({ trained: z.array(z.string()) }) });

/** What a training stage trained; undefined if its settings do not tell. */
function trainedIn({ settings }: { readonly settings: unknown }): readonly string[] | undefined {
  return trainingSchema.safeParse(settings).data?.recipe.trained;
}

function isTuning(trained: readonly string[]): boolean {
  return trained.includes("language") || trained.includes("adapter");
}

/** Returns the share of text-only conversations in the last stage that trained the language model or an adapter. */
function languageShareOf(evaluation: LoadedEvaluation): number | undefined {
  const tuning = stagesBefore(evaluation).findLast((stage) => isTuning(trainedIn(stage) ?? []));
  const data = evaluation.loaded.run?.manifest.stages[tuning?.name ?? ""]?.data ?? {};
  const counts = Object.values(data).map(({ examples }) => examples);
  const count = counts.reduce((sum, one) => sum + (one?.count ?? NaN), 0);
  const withImages = counts.reduce((sum, one) => sum + (one?.withImages ?? NaN), 0);
  return count > 0 ? 1 - withImages / count : undefined;
}

function stagesBefore({ loaded, stage }: LoadedEvaluation) {
  const stages = loaded.run?.manifest.plan.stages ?? [];
  const place = stages.findIndex(({ name }) => name === stage);
  return stages.slice(0, Math.max(0, place)).filter(({ kind }) => kind === "train");
}
