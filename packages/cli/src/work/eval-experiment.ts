import {
  checkpointDigest,
  CHECKSUMS_FILE,
  evaluate,
  type Experiment,
  experiment,
  MlanError,
  pathOf,
  type Plugin,
  readRun,
  take,
} from "@mlan/core";
import type { HubModel } from "@mlan/hub";
import { benchmarkPlugin } from "../project/benchmark-plugin.ts";
import { checkpointPlace } from "../project/checkpoint-place.ts";
import { folderAt } from "../project/folders.ts";
import { importPlugin } from "../project/import-plugin.ts";
import { importTensorFlow } from "../project/import-tensorflow.ts";

export interface EvalRequest {
  /** Plugin names, see {@link importPlugin}. */
  readonly model: string;
  readonly evaluator: string;
  /**
   * A checkpoint, see {@link checkpointPlace}, or a run folder for its last finished training stage. Default: the one that
   * the model's plugin names.
   */
  readonly weights?: string;
  /** See {@link checkpointPlace}. */
  readonly tower?: string;
  /** `name` for the published data, `name=folder` for a local copy. */
  readonly benchmarks: readonly string[];
  readonly backend: "onnx" | "tensorflow";
  readonly protocol?: string;
  /** Number of questions of each benchmark to ask, from the first. Default: all. */
  readonly limit?: number;
  readonly batchSize?: number;
  /** Number of questions to ask again, one at a time. */
  readonly verify?: number;
  /** Folder for cached image features. */
  readonly featureCache?: string;
}

/** An experiment with one stage, which evaluates a saved model on the benchmarks. */
export async function evalExperiment(request: EvalRequest): Promise<Experiment> {
  const { tower, batchSize, verify, featureCache, protocol, limit } = request;
  // Look up the benchmarks first: it is fast, and a model's plugin takes seconds to load.
  const whole = await Promise.all(request.benchmarks.map(benchmarkPlugin));
  const benchmarks = limit === undefined ? whole : whole.map((benchmark) => take(benchmark, limit));
  const stage = evaluate({ name: "eval", benchmarks, ...(protocol !== undefined && { protocol }) });
  const evaluator = await importPlugin("eval", request.evaluator);
  const weights = request.weights === undefined ? undefined : await checkpointAt(request.weights);
  const model = await importPlugin("model", request.model);
  const use = [
    model({ ...(weights && { weights }), ...(tower !== undefined && { visionTower: checkpointPlace(tower) }) }),
    evaluator({
      ...(batchSize !== undefined && { batchSize }),
      ...(verify !== undefined && { verify }),
      ...(featureCache !== undefined && { featureCache: folderAt(featureCache) }),
    }),
    await computeOf(request.backend),
  ].map(checkPlugin);
  return experiment({ name: "eval", use, stages: [stage] });
}

async function computeOf(backend: EvalRequest["backend"]): Promise<Plugin> {
  if (backend === "tensorflow") return (await importTensorFlow()).tensorflow();
  const { onnx } = await import("@mlan/backend-onnx");
  return onnx();
}

async function checkpointAt(path: string): Promise<URL | HubModel> {
  const folder = checkpointPlace(path);
  if (!(folder instanceof URL)) return folder;
  const run = await readRun(folder).catch(() => undefined);
  if (!run) return folder;
  const { plan, stages } = run.manifest;
  const { checkpoint, checkpointDigest: recorded } =
    plan.stages.map(({ name }) => stages[name]).findLast((stage) => stage?.done && stage.checkpoint) ?? {};
  if (checkpoint !== undefined) {
    const url = new URL(checkpoint, folder);
    if (recorded !== undefined) await checkRecorded(url, recorded);
    return url;
  }
  throw new MlanError("run-folder", `the run in ${path} has no finished training stage. Give a checkpoint folder.`);
}

/** Checks the checkpoint against the digest in the run: it covers the list of checksums, which covers the weights. */
async function checkRecorded(checkpoint: URL, recorded: string): Promise<void> {
  const found = await checkpointDigest(checkpoint);
  if (found === recorded) return;
  const problem =
    found === undefined ? "is missing, so the weights cannot be verified" : "is not the one that the run recorded";
  const message = `${pathOf(new URL(CHECKSUMS_FILE, checkpoint))} ${problem}. Restore it, or copy ${pathOf(checkpoint)} to another folder and use the copy as --weights.`;
  throw new MlanError("run-folder", message);
}

function checkPlugin(value: unknown): Plugin {
  if (isPlugin(value)) return value;
  throw new MlanError("contract", "a plugin's factory returned a value that is not a plugin.");
}

function isPlugin(value: unknown): value is Plugin {
  return typeof Object(value).create === "function";
}
