// This project's model, trainer and generator on the backend that the first argument names, answering requests line by
// line; see ../worker.ts.
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { onnxStatistics } from "@mlan/backend-onnx";
import {
  type Compute,
  COMPUTE,
  createScope,
  type Generation,
  MODEL,
  type TrainableModel,
  trainableModel,
} from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import type { Batch } from "../batches.ts";
import type { Generated, Memory, Prompts, Setup, TrainedStep } from "../worker.ts";
import { productThroughput } from "./product-throughput.ts";
import { startCompute } from "./start-compute.ts";
import { stepByStep } from "./step-by-step.ts";

const backend = process.argv[2] ?? "onnx";
const precision = process.argv[3] === "bfloat16" ? "bfloat16" : "float32";
let model: TrainableModel | undefined;
let train: ((batch: Batch) => Promise<TrainedStep & { readonly dispatches?: number }>) | undefined;
/** Number of operations dispatched to the device in the last step. */
let dispatches: number | undefined;
/**
 * Known answers. A request for tokens also computes margins, which the peer does not compute, so tokens are requested
 * once per answer.
 */
const detailed = new Map<string, ReadonlyMap<string, Generation>>();
for await (const line of createInterface({ input: process.stdin })) {
  const { do: action, ...request } = JSON.parse(line);
  console.log(JSON.stringify(await answer(action, request)));
}

// The interface in worker.ts defines the fields of a request.
async function answer(action: string, request: Setup & Batch & Prompts): Promise<object> {
  if (action === "setup") return setUp(request);
  if (action === "throughput") return { gigaflops: await productThroughput() };
  if (action === "memory") return memory();
  if (model === undefined) throw new Error("send setup first");
  if (action === "generate") return generate(model, request);
  if (train === undefined) throw new Error("this worker generates only");
  const { dispatches: used, ...step } = await train(request);
  dispatches = used;
  return step;
}

async function setUp(setup: Setup): Promise<object> {
  const { compute, versions } = await startCompute(backend, { ...setup, precision });
  const checkpoint = pathToFileURL(setup.checkpoint);
  model = await modelOn(compute, checkpoint);
  const folder = new URL("trained/", checkpoint);
  await rm(folder, { recursive: true, force: true });
  if (setup.task === "train") train = stepByStep({ model, compute, folder, ...setup });
  return { versions };
}

async function modelOn(compute: Compute, weights: URL): Promise<TrainableModel> {
  const given = { name: "compute", token: COMPUTE, settings: {}, create: () => compute };
  const source = createScope([given, llama2({ weights })]).get(MODEL);
  return trainableModel(await source.open());
}

async function generate(llama: TrainableModel, { texts, newTokens }: Prompts): Promise<Generated> {
  const requests = texts.map((text, index) => ({
    id: `${index}`,
    prompt: { kind: "raw", text, beginOfSequence: true } as const,
    images: [],
    maximumNewTokens: newTokens,
  }));
  const rows = new Map<string, Generation>();
  const options = { batchSize: texts.length, sharePrefixes: false };
  const start = performance.now();
  for await (const answer of llama.generate(requests, options)) rows.set(answer.id, answer);
  const milliseconds = performance.now() - start;
  const key = JSON.stringify([texts, newTokens]);
  const known = detailed.get(key) ?? (await answersWithTokens(llama.generate(requests, { ...options, details: true })));
  detailed.set(key, known);
  for (const { id, text } of rows.values())
    if (text !== known.get(id)?.text) throw new Error(`the answer to "${id}" changed`);
  return { milliseconds, tokens: requests.flatMap(({ id }) => known.get(id)?.tokens ?? []) };
}

async function answersWithTokens(answers: AsyncIterable<Generation>): Promise<ReadonlyMap<string, Generation>> {
  const rows = new Map<string, Generation>();
  for await (const answer of answers) rows.set(answer.id, answer);
  return rows;
}

function memory(): Memory {
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  if (backend === "onnx") return { peakBytes, compileMilliseconds: onnxStatistics().compileMilliseconds };
  return { peakBytes, ...(dispatches !== undefined && { dispatchesPerStep: dispatches }) };
}
