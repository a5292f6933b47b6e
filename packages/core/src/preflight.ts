import { checkpointDigest } from "./checkpoint-digest.ts";
import type { Content } from "./content.ts";
import type { Dataset } from "./dataset.ts";
import { checkDiskSpace } from "./disk-space.ts";
import { MlanError } from "./errors.ts";
import type { Experiment } from "./experiment.ts";
import { contentOfImages } from "./image-content.ts";
import type { ContentRecord, DataRecord, Manifest, StageStatus } from "./manifest.ts";
import type { ModelInspection } from "./model.ts";
import { pathOf } from "./path-of.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Scope } from "./scope.ts";
import type { Stage } from "./stage.ts";
import { MODEL } from "./token.ts";

/** Told before the first stage, of each thing that is looked at. */
export interface PreflightEvent {
  readonly type: "preflight";
  /** E.g. "the model vicuna", "the data pope". */
  readonly subject: string;
}

export interface PreflightOptions {
  readonly experiment: Experiment;
  readonly scope: Scope;
  readonly folder: RunFolder;
  /** Of the run that is continued. */
  readonly manifest: Manifest;
  /** Whether a stage's work is all there. */
  readonly isDone: (stage: Stage) => boolean;
  readonly signal?: AbortSignal;
}

/** What a run reads, as it is now. */
export interface Contents {
  readonly model?: ContentRecord;
  /** By stage, then by name of the dataset. */
  readonly data: ReadonlyMap<string, Readonly<Record<string, DataRecord>>>;
}

/**
 * Opens or looks for everything that any stage will need, so that nothing that is missing is noticed after hours, and
 * compares it with what a continued run began with. Throws `run-folder` when that has changed, and whatever is wrong with
 * a dataset, an image, the weights, a recipe or the disk.
 */
export async function* preflight(options: PreflightOptions): AsyncGenerator<PreflightEvent, Contents, undefined> {
  const { experiment, scope, folder, manifest, isDone, signal } = options;
  const pending = experiment.stages.filter((stage) => !isDone(stage));
  for (const token of pending.flatMap(({ needs = [] }) => needs)) scope.get(token);
  const source = scope.get(MODEL);
  yield { type: "preflight", subject: `the model ${source.name}` };
  const inspected = await source.inspect?.(signal ? { signal } : {});
  const opened = new Map<Dataset<unknown>, OpenedData>();
  for (const dataset of experiment.stages.flatMap(datasetsOf)) {
    if (opened.has(dataset)) continue;
    yield { type: "preflight", subject: `the data ${dataset.name}` };
    opened.set(dataset, await open(dataset, signal));
  }
  await checkStages(pending, opened, inspected, options);
  if (pending.length > 0) await checkCheckpoints(experiment.stages, manifest, folder);
  const model = inspected && (await compareModel(inspected.content, source.name, folder, manifest));
  const data = new Map<string, Readonly<Record<string, DataRecord>>>();
  for (const stage of experiment.stages) {
    const records = datasetsOf(stage).map(async (dataset) => {
      const now = opened.get(dataset);
      return now ? ([[dataset.name, await compareData(now, dataset.name, stage, folder, manifest)]] as const) : [];
    });
    data.set(stage.name, Object.fromEntries((await Promise.all(records)).flat()));
  }
  return { ...(model && { model }), data };
}

interface OpenedData {
  readonly length: number;
  readonly fingerprint: string;
  readonly images: Content;
}

async function open(dataset: Dataset<unknown>, signal: AbortSignal | undefined): Promise<OpenedData> {
  const examples = await dataset.open(signal ? { signal } : {});
  const images = await contentOfImages(examples, signal);
  const { length, fingerprint } = examples;
  // Reading all images takes long, and one dataset may serve several stages.
  let digest: Promise<string> | undefined;
  return { length, fingerprint, images: { stamp: images.stamp, digest: () => (digest ??= images.digest()) } };
}

function datasetsOf({ data, asks }: Stage): readonly Dataset<unknown>[] {
  return [...(data ? [data] : []), ...(asks?.benchmarks ?? [])];
}

async function checkStages(
  pending: readonly Stage[],
  opened: ReadonlyMap<Dataset<unknown>, OpenedData>,
  inspected: ModelInspection | undefined,
  { scope, folder }: PreflightOptions,
): Promise<void> {
  const needs = pending.flatMap((stage) => {
    const conversations = (stage.data && opened.get(stage.data)?.length) ?? 0;
    const known = inspected && { parameters: inspected.parameters };
    const found = stage.check?.({ scope, conversations, ...known });
    return found ? [{ ...found, place: folder.checkpoints(stage.name) }] : [];
  });
  await checkDiskSpace(folder.url, needs);
}

/** The checkpoints of trainings that are done are what later stages start from. */
async function checkCheckpoints(stages: readonly Stage[], manifest: Manifest, folder: RunFolder): Promise<void> {
  for (const { name } of stages) {
    const { done, checkpoint, checkpointDigest: recorded }: Partial<StageStatus> = manifest.stages[name] ?? {};
    if (!done || checkpoint === undefined || recorded === undefined) continue;
    const place = new URL(checkpoint, folder.url);
    const found = await checkpointDigest(place);
    if (found === recorded) continue;
    const what = found === undefined ? "is missing" : "is not the one that it ended with";
    throw changed(folder, `the checkpoint of stage "${name}", ${pathOf(place)}, ${what}`);
  }
}

async function compareModel(
  content: Content,
  name: string,
  folder: RunFolder,
  { model: recorded, stages }: Manifest,
): Promise<ContentRecord> {
  const now = await recordOf(content, recorded ? [recorded] : []);
  const begun = Object.keys(stages).length > 0;
  if (!begun || !recorded || now.digest === recorded.digest) return now;
  throw changed(folder, `the files of the model ${name} have changed since this run began`);
}

async function compareData(
  { fingerprint, images }: OpenedData,
  name: string,
  stage: Stage,
  folder: RunFolder,
  { stages }: Manifest,
): Promise<DataRecord> {
  const known = Object.values(stages).flatMap(({ data }) => data?.[name]?.images ?? []);
  const now = { fingerprint, images: await recordOf(images, known) };
  const before = stages[stage.name]?.data?.[name];
  if (!before) return now;
  const what = before.fingerprint !== fingerprint ? "rows" : "images";
  if (what === "images" && before.images.digest === now.images.digest) return now;
  throw changed(folder, `the ${what} of the data ${name} have changed since stage "${stage.name}" began`);
}

/** Reads the content only when nothing vouches that it is as it was. */
async function recordOf(content: Content, known: readonly ContentRecord[]): Promise<ContentRecord> {
  const untouched = known.find(({ stamp }) => stamp !== "" && stamp === content.stamp);
  return untouched ?? { stamp: content.stamp, digest: await content.digest() };
}

function changed(folder: RunFolder, what: string): MlanError {
  const message = `${pathOf(folder.url)} cannot be continued: ${what}, and its results would be of both. Restore what was there, or run into another folder.`;
  return new MlanError("run-folder", message);
}
