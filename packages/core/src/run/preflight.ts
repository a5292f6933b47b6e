import { pathOf } from "@mlan/errors";
import { checkpointDigest, isThere, missingFile } from "../files/checksums.ts";
import { contentRecordOf, isUntouched } from "./content-record.ts";
import { type DataSurvey, dataSurvey } from "./data-survey.ts";
import { checkDiskSpace } from "../files/disk-space.ts";
import { type DownloadEvent, withDownloads } from "./downloads.ts";
import { MlanError } from "../errors.ts";
import type { Experiment } from "./experiment.ts";
import type { ContentRecord, DataRecord, Manifest, StageStatus } from "./manifest.ts";
import type { ModelInspection } from "../contracts/model.ts";
import { checkMemory, memoryBound } from "./memory-check.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Scope } from "../scope/scope.ts";
import type { Stage } from "./stage.ts";
import { datasetsOf, type StageData } from "./stage-data.ts";
import { lastTraining } from "./stage-model.ts";
import type { StageNeeds } from "./stage-needs.ts";
import { stagesInOrder } from "./stages-in-order.ts";
import { COMPUTE, MODEL } from "../scope/token.ts";
import type { TrainingNeeds } from "../contracts/trainer.ts";
import { templatesIn } from "./stored-recipe.ts";
import { ChangedInput, changedContent } from "./unchanged-data.ts";

/** Emitted before the first stage, for each input that is checked. */
export interface PreflightEvent {
  readonly type: "preflight";
  /** E.g. "the model vicuna", "the data pope". */
  readonly subject: string;
}

export interface PreflightOptions {
  readonly experiment: Experiment;
  readonly scope: Scope;
  readonly folder: RunFolder;
  /** The manifest of the continued run, or of the new run. */
  readonly manifest: Manifest;
  /** Whether a stage is done and its outcome unchanged. */
  readonly isDone: (stage: Stage) => boolean;
  /**
   * The names of stages that will probably be copied from other runs, for which memory and disk space are not checked.
   */
  readonly offered: ReadonlySet<string>;
  /** Whether to throw for a stage that needs more memory than is available. */
  readonly checksMemory: boolean;
  /** Number of processes that share the memory. */
  readonly processes: number;
  readonly signal?: AbortSignal;
}

/** The current content of a run's inputs. */
export interface Contents {
  readonly model?: ContentRecord;
  /** See {@link ModelInspection.tuningTemplate}. */
  readonly tuningTemplate?: string;
  /** See {@link ModelInspection.notices}. */
  readonly notices: readonly string[];
  /** By stage name, then by dataset name. */
  readonly data: ReadonlyMap<string, Readonly<Record<string, DataRecord>>>;
}

/**
 * Opens or looks up everything that any stage will need, so that a missing file is noticed before the first stage.
 * Throws `run-folder` when the inputs of a continued run have changed since it began, and the errors of all checks of
 * data, images, weights, recipes, memory and disk space.
 */
export async function* preflight(
  options: PreflightOptions,
): AsyncGenerator<PreflightEvent | DownloadEvent, Contents, undefined> {
  const { experiment, scope, folder, manifest, isDone, signal } = options;
  const pending = experiment.stages.filter((stage) => !isDone(stage));
  for (const token of pending.flatMap(({ needs = [] }) => needs)) scope.get(token);
  const source = scope.get(MODEL);
  const compute = pending.length > 0 ? scope.find(COMPUTE) : undefined;
  if (compute) {
    yield { type: "preflight", subject: `the compute ${compute.name}` };
    await compute.open();
  }
  yield { type: "preflight", subject: `the model ${source.name}` };
  const inspected = source.inspect && (yield* withDownloads(async (opening) => source.inspect?.(opening), signal));
  checkTemplates(options, inspected?.tuningTemplate);
  const survey = dataSurvey({ manifest, model: source.name, inspected });
  yield* checkStages(pending, survey, inspected, options);
  await checkCheckpoints(options);
  const known = manifest.model ? [manifest.model] : [];
  if (inspected && !isUntouched(inspected.content, known)) {
    yield { type: "preflight", subject: `every byte of the model ${source.name}` };
  }
  const model = inspected && (await contentRecordOf(inspected.content, known));
  const contents: Contents = {
    ...(model && { model }),
    ...(inspected?.tuningTemplate !== undefined && { tuningTemplate: inspected.tuningTemplate }),
    notices: inspected?.notices ?? [],
    data: new Map(experiment.stages.map((stage) => [stage.name, survey.records(datasetsOf(readBy(stage)))])),
  };
  const change = firstChange(manifest, contents, source.name);
  if (change !== undefined) throw new ChangedInput("run-folder", changedContent(folder, change).message);
  return contents;
}

/**
 * Opens the data of each stage once for the checks of the pending stages, and then releases it. When its stage runs,
 * perhaps hours later, the data is opened again.
 */
async function* checkStages(
  pending: readonly Stage[],
  survey: DataSurvey,
  inspected: ModelInspection | undefined,
  { experiment, scope, folder, offered, checksMemory, processes, signal }: PreflightOptions,
): AsyncGenerator<PreflightEvent | DownloadEvent, void, undefined> {
  const needs: (TrainingNeeds & { readonly place: URL })[] = [];
  const planned: { readonly name: string; readonly needs: StageNeeds }[] = [];
  for (const { stage, ...context } of stagesInOrder(experiment, { scope, model: inspected, signal })) {
    const copies = datasetsOf(context);
    for (const [index, dataset] of datasetsOf(readBy(stage)).entries()) {
      if (survey.has(dataset)) continue;
      yield { type: "preflight", subject: `the data ${dataset.name}` };
      yield* withDownloads((opening) => survey.add(dataset, copies[index] ?? dataset, opening), signal);
    }
    if (!pending.includes(stage)) continue;
    const found = await stage.check?.(context);
    if (offered.has(stage.name)) continue;
    if (found) needs.push({ ...found, place: folder.checkpoints(stage.name) });
    const wanted = checksMemory ? await stage.plan?.(context) : undefined;
    if (wanted) planned.push({ name: stage.name, needs: wanted });
  }
  const bound = memoryBound(scope.find(COMPUTE), { processes });
  for (const { name, needs: wanted } of planned) checkMemory(name, wanted, bound);
  await checkDiskSpace(folder.url, needs);
}

/** Throws `run-folder` when the model's default template has changed and a stage's recipe uses the default. */
function checkTemplates({ experiment, folder, manifest }: PreflightOptions, tuningTemplate: string | undefined): void {
  const planned = templatesIn(manifest.plan);
  for (const { name, format } of experiment.stages) {
    const before = planned.get(name);
    if (!format || format.template !== undefined || before === undefined || before === tuningTemplate) continue;
    const now =
      tuningTemplate === undefined ? "the model has no default template" : `the model's default is "${tuningTemplate}"`;
    throw new ChangedInput(
      "run-folder",
      `${pathOf(folder.url)} cannot be continued: its stage "${name}" trains in the template "${before}", and ${now} now. ` +
        `Set format.template to "${before}" in the stage's recipe, or ${folder.otherwise}.`,
    );
  }
}

function readBy({ data, asks }: Stage): StageData {
  return { ...(data && { data }), benchmarks: asks?.benchmarks ?? [] };
}

/** Checks the checkpoints that pending stages start from, and the last checkpoint, which is the outcome of the run. */
async function checkCheckpoints({ experiment, folder, manifest, isDone }: PreflightOptions): Promise<void> {
  const { stages } = experiment;
  const starts = stages.flatMap((stage, index) => (isDone(stage) ? [] : [lastTraining(stages, index)]));
  for (const index of new Set([...starts, lastTraining(stages, stages.length)])) {
    const stage = stages[index];
    const { checkpoint, checkpointDigest: recorded }: Partial<StageStatus> = manifest.stages[stage?.name ?? ""] ?? {};
    if (!stage || !isDone(stage) || checkpoint === undefined || recorded === undefined) continue;
    const place = new URL(checkpoint, folder.url);
    const named = `the checkpoint of stage "${stage.name}", ${pathOf(place)},`;
    const found = await checkpointDigest(place);
    if (found !== undefined && found !== recorded) {
      throw changedContent(folder, `${named} is not the one that the stage ended with`);
    }
    const missing = await missingFile(place);
    if (missing === undefined) continue;
    const what = (await isThere(place)) ? `lacks its file ${pathOf(missing)}` : "is missing";
    const message = `${pathOf(folder.url)} cannot be continued: ${named} ${what}. Restore it, or ${folder.otherwise}.`;
    throw new MlanError("run-folder", message);
  }
}

/** Describes the first input that changed after its stage began. Undefined when none has changed. */
function firstChange({ model, stages }: Manifest, now: Contents, name: string): string | undefined {
  const begun = Object.entries(stages);
  if (begun.length > 0 && model && now.model && model.digest !== now.model.digest) {
    return `the files of the model ${name} have changed since this run began${changedFiles(model, now.model)}`;
  }
  for (const [stage, { data = {} }] of begun) {
    for (const [dataset, before] of Object.entries(data)) {
      const found = now.data.get(stage)?.[dataset];
      if (!found) continue; // the plans, which name the data, have already been compared
      const rows = found.fingerprint !== before.fingerprint;
      if (!rows && found.images.digest === before.images.digest) continue;
      return `the ${rows ? "rows" : "images"} of the data ${dataset} have changed since stage "${stage}" began`;
    }
  }
  return undefined;
}

/** Lists the first files that differ, in parentheses. */
function changedFiles({ files: before }: ContentRecord, { files: now }: ContentRecord): string {
  if (!before || !now) return "";
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
    (name) => before[name] !== now[name],
  );
  const named = names.slice(0, 3).map((name) => {
    const what = before[name] === undefined ? "is new" : now[name] === undefined ? "is missing" : "differs";
    return `${name} ${what}`;
  });
  return ` (${named.join(", ")}${names.length > 3 ? `, and ${names.length - 3} more` : ""})`;
}
