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
import { benchmarkPlugin } from "../project/benchmark-plugin.ts";
import { folderAt } from "../project/folders.ts";
import { importPlugin } from "../project/import-plugin.ts";
import { importTensorFlow } from "../project/import-tensorflow.ts";

export interface EvalRequest {
  /** Plugin names, see {@link importPlugin}. */
  readonly model: string;
  readonly evaluator: string;
  /** A checkpoint folder, or a run folder for its last finished training stage. */
  readonly weights: string;
  readonly tower?: string;
  /** `name` for the published data, `name=folder` for a local copy. */
  readonly benchmarks: readonly string[];
  readonly backend: "onnx" | "tensorflow";
  readonly protocol?: string;
  /** The first so many questions of each benchmark; all by default. */
  readonly limit?: number;
  readonly batchSize?: number;
  /** Questions that are asked again alone. */
  readonly verify?: number;
  /** Where features of images are kept. */
  readonly featureCache?: string;
}

/** An experiment of one stage: a saved model is asked the benchmarks' questions. */
export async function evalExperiment(request: EvalRequest): Promise<Experiment> {
  const { tower, batchSize, verify, featureCache, protocol, limit } = request;
  // First what is looked up in a moment: a model's plugin takes seconds to load.
  const whole = await Promise.all(request.benchmarks.map(benchmarkPlugin));
  const benchmarks = limit === undefined ? whole : whole.map((benchmark) => take(benchmark, limit));
  const stage = evaluate({ name: "eval", benchmarks, ...(protocol !== undefined && { protocol }) });
  const evaluator = await importPlugin("eval", request.evaluator);
  const weights = await checkpointAt(request.weights);
  const model = await importPlugin("model", request.model);
  const use = [
    model({ weights, ...(tower !== undefined && { visionTower: folderAt(tower) }) }),
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

async function checkpointAt(path: string): Promise<URL> {
  const folder = folderAt(path);
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

/** What the run recorded names all bytes of its checkpoint's list of checksums, and that list those of the weights. */
async function checkRecorded(checkpoint: URL, recorded: string): Promise<void> {
  const found = await checkpointDigest(checkpoint);
  if (found === recorded) return;
  const problem =
    found === undefined
      ? "is missing, so that nothing vouches for the weights"
      : "is not the one that the run recorded";
  const message = `${pathOf(new URL(CHECKSUMS_FILE, checkpoint))} ${problem}. Restore it, or copy ${pathOf(checkpoint)} to another place and give the copy as --weights.`;
  throw new MlanError("run-folder", message);
}

function checkPlugin(value: unknown): Plugin {
  if (isPlugin(value)) return value;
  throw new MlanError("contract", "a plugin's function gave something that is no plugin.");
}

function isPlugin(value: unknown): value is Plugin {
  return typeof Object(value).create === "function";
}
