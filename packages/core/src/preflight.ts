import { checkpointDigest } from "./checkpoint-digest.ts";
import { isThere, missingFile } from "./checksums.ts";
import type { Content } from "./content.ts";
import type { Dataset } from "./dataset.ts";
import { checkDiskSpace } from "./disk-space.ts";
import { MlanError } from "./errors.ts";
import type { Experiment } from "./experiment.ts";
import { type CheckImage, contentOfImages } from "./image-content.ts";
import type { ContentRecord, DataRecord, Manifest, StageStatus } from "./manifest.ts";
import type { ConversationFormat, ModelInspection } from "./model.ts";
import { pathOf } from "./path-of.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Scope } from "./scope.ts";
import type { Stage } from "./stage.ts";
import { lastTraining } from "./stage-model.ts";
import { COMPUTE, MODEL } from "./token.ts";
import type { TrainingNeeds } from "./trainer.ts";
import { changedContent } from "./unchanged-data.ts";

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
  const compute = pending.length > 0 ? scope.find(COMPUTE) : undefined;
  if (compute) {
    yield { type: "preflight", subject: `the compute ${compute.name}` };
    await compute.open();
  }
  yield { type: "preflight", subject: `the model ${source.name}` };
  const inspected = await source.inspect?.(signal ? { signal } : {});
  const opened = new Map<Dataset<unknown>, OpenedData>();
  for (const dataset of experiment.stages.flatMap(datasetsOf)) {
    if (opened.has(dataset)) continue;
    yield { type: "preflight", subject: `the data ${dataset.name}` };
    opened.set(dataset, await open(dataset, { manifest, signal, check: inspected?.checkImage }));
    if (opened.get(dataset)?.hasImages && inspected?.readsImages === false) throw blind(source.name, dataset.name);
  }
  await checkStages(pending, opened, inspected, options);
  await checkCheckpoints(options);
  const known = manifest.model ? [manifest.model] : [];
  if (inspected && !untouched(inspected.content, known)) {
    yield { type: "preflight", subject: `every byte of the model ${source.name}` };
  }
  const model = inspected && (await recordOf(inspected.content, known));
  const contents: Contents = {
    ...(model && { model }),
    data: new Map(experiment.stages.map((stage) => [stage.name, recordsOf(stage, opened)])),
  };
  const change = firstChange(manifest, contents, source.name);
  if (change !== undefined) throw changedContent(folder.url, change);
  return contents;
}

/** What is kept of a dataset that was opened: its rows are not held while the next one is opened. */
interface OpenedData {
  readonly length: number;
  readonly hasImages: boolean;
  readonly record: DataRecord;
}

interface Opening {
  readonly manifest: Manifest;
  readonly signal: AbortSignal | undefined;
  readonly check: CheckImage | undefined;
}

async function open(dataset: Dataset<unknown>, { manifest: { stages }, signal, check }: Opening): Promise<OpenedData> {
  const examples = await dataset.open(signal ? { signal } : {});
  const { length, fingerprint } = examples;
  const known = Object.values(stages).flatMap(({ data }) => data?.[dataset.name]?.images ?? []);
  const images = await contentOfImages(examples, signal, check);
  return { length, hasImages: images.count > 0, record: { fingerprint, images: await recordOf(images, known) } };
}

function datasetsOf({ data, asks }: Stage): readonly Dataset<unknown>[] {
  return [...(data ? [data] : []), ...(asks?.benchmarks ?? [])];
}

function recordsOf(
  stage: Stage,
  opened: ReadonlyMap<Dataset<unknown>, OpenedData>,
): Readonly<Record<string, DataRecord>> {
  const records = datasetsOf(stage).map((dataset) => [dataset.name, opened.get(dataset)?.record] as const);
  return Object.fromEntries(records.flatMap(([name, record]) => (record ? [[name, record]] : [])));
}

async function checkStages(
  pending: readonly Stage[],
  opened: ReadonlyMap<Dataset<unknown>, OpenedData>,
  inspected: ModelInspection | undefined,
  { experiment, scope, folder, signal }: PreflightOptions,
): Promise<void> {
  const needs: (TrainingNeeds & { readonly place: URL })[] = [];
  let format: ConversationFormat | undefined;
  for (const stage of experiment.stages) {
    if (!pending.includes(stage)) {
      format = stage.format ?? format;
      continue;
    }
    const conversations = (stage.data && opened.get(stage.data)?.length) ?? 0;
    const promptFamily = inspected?.promptFamily?.(format);
    const known = {
      ...(inspected && { model: inspected }),
      ...(promptFamily && { promptFamily }),
      ...(signal && { signal }),
    };
    format = stage.format ?? format;
    const found = await stage.check?.({ scope, conversations, ...known });
    if (found) needs.push({ ...found, place: folder.checkpoints(stage.name) });
  }
  await checkDiskSpace(folder.url, needs);
}

/** The checkpoints that stages start from which are not done, and the last one, which is what the run is for. */
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
      throw changedContent(folder.url, `${named} is not the one that it ended with`);
    }
    const missing = await missingFile(place);
    if (missing === undefined) continue;
    const what = (await isThere(place)) ? `lacks its file ${pathOf(missing)}` : "is missing";
    const message = `${pathOf(folder.url)} cannot be continued: ${named} ${what}. Restore it, or run into another folder.`;
    throw new MlanError("run-folder", message);
  }
}

/** What is no longer as it was when a stage began that is done or goes on; undefined when all is. */
function firstChange({ model, stages }: Manifest, now: Contents, name: string): string | undefined {
  const begun = Object.entries(stages);
  if (begun.length > 0 && model && now.model && model.digest !== now.model.digest) {
    return `the files of the model ${name} have changed since this run began${changedFiles(model, now.model)}`;
  }
  for (const [stage, { data = {} }] of begun) {
    for (const [dataset, before] of Object.entries(data)) {
      const found = now.data.get(stage)?.[dataset];
      if (!found) continue; // the plan says what is read, and was compared before
      const rows = found.fingerprint !== before.fingerprint;
      if (!rows && found.images.digest === before.images.digest) continue;
      return `the ${rows ? "rows" : "images"} of the data ${dataset} have changed since stage "${stage}" began`;
    }
  }
  return undefined;
}

/** The names of the first files that differ, in parentheses. */
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

/** Reads the content only when nothing vouches that it is as it was. */
async function recordOf(content: Content, known: readonly ContentRecord[]): Promise<ContentRecord> {
  const same = untouched(content, known);
  if (same) return same;
  const digest = await content.digest();
  const files = await content.files?.();
  return { stamp: content.stamp, digest, ...(files && { files }) };
}

function untouched({ stamp }: Content, known: readonly ContentRecord[]): ContentRecord | undefined {
  return stamp === "" ? undefined : known.find((record) => record.stamp === stamp);
}

function blind(model: string, data: string): MlanError {
  const message = `the data ${data} have images, and the model ${model} reads none. Give it a vision tower, or take other data.`;
  return new MlanError("invalid-options", message);
}
