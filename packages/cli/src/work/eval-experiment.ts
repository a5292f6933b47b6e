import { evaluate, type Experiment, experiment, take } from "@mlan/core";
import { benchmarkPlugin } from "../project/benchmark-plugin.ts";
import { type Backend, checkPlugin, computePlugin } from "../project/compute-plugin.ts";
import { checkpointAt } from "../project/checkpoint-at.ts";
import { folderAt } from "../project/folders.ts";
import { type ModelParts, modelParts } from "../project/model-parts.ts";
import { importPlugin } from "../project/import-plugin.ts";

/** A server that runs the model. */
interface EvalEndpoint {
  readonly baseURL: string;
  /** See `ServerKind` of `@mlan/model-endpoint`. */
  readonly server?: string;
  /** Maximum number of parallel requests. */
  readonly concurrency?: number;
}

export interface EvalRequest extends ModelParts {
  /** A plugin's name, see {@link importPlugin}. With `endpoint`, the model's name on the server. */
  readonly model: string;
  readonly endpoint?: EvalEndpoint;
  /** A plugin's name, see {@link importPlugin}. */
  readonly evaluator: string;
  /**
   * A checkpoint, see {@link checkpointPlace}, or a run folder (its last checkpoint is used). Default: the model
   * plugin's checkpoint.
   */
  readonly weights?: string;
  /** `name` for the published data, `name=folder` for a local copy. */
  readonly benchmarks: readonly string[];
  readonly backend: Backend;
  readonly protocol?: string;
  /** Number of questions to ask of each benchmark, starting with the first. Default: all. */
  readonly limit?: number;
  readonly batchSize?: number;
  /** Number of questions to ask again, one at a time. */
  readonly verify?: number;
  /** Folder that caches image features. */
  readonly featureCache?: string;
}

/** Returns an experiment with one stage, which evaluates a saved model on the benchmarks. */
export async function evalExperiment(request: EvalRequest): Promise<Experiment> {
  const { batchSize, verify, featureCache, protocol, limit } = request;
  // The benchmarks come first: checking them is fast, while importing a model's plugin takes seconds.
  const whole = await Promise.all(request.benchmarks.map(benchmarkPlugin));
  const benchmarks = limit === undefined ? whole : whole.map((benchmark) => take(benchmark, limit));
  const stage = evaluate({ name: "eval", benchmarks, ...(protocol !== undefined && { protocol }) });
  const evaluator = await importPlugin("eval", request.evaluator);
  const use = [
    ...(request.endpoint ? [await hosted(request.model, request.endpoint)] : await opened(request)),
    evaluator({
      ...(batchSize !== undefined && { batchSize }),
      ...(verify !== undefined && { verify }),
      ...(featureCache !== undefined && { featureCache: folderAt(featureCache) }),
    }),
  ].map(checkPlugin);
  return experiment({ name: "eval", use, stages: [stage] });
}

/** Returns the plugins of a model and of its backend. */
async function opened(request: EvalRequest): Promise<readonly unknown[]> {
  const weights = request.weights === undefined ? undefined : await checkpointAt(request.weights, "--weights");
  const model = await importPlugin("model", request.model);
  return [model({ ...(weights && { weights }), ...modelParts(request) }), await computePlugin(request.backend)];
}

async function hosted(model: string, endpoint: EvalEndpoint): Promise<unknown> {
  return (await importPlugin("model", "endpoint"))({ model, ...endpoint });
}
