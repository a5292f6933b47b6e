// TensorFlow.js on the backend that the first argument names, answering requests line by line; see ../worker.ts.
import { onnxStatistics } from "@mlan/backend-onnx";
import { tensorFlowStatistics } from "@mlan/backend-tensorflow";
import { createInterface } from "node:readline";
import type { Batch } from "../llama/batches.ts";
import { llamaWorker } from "../llama/llama-worker.ts";
import type { Memory, Prompt, Setup, TrainedStep } from "../worker.ts";
import { startBackend } from "./start-backend.ts";

const backend = process.argv[2] ?? "onnx";
const precision = process.argv[3] === "bfloat16" ? "bfloat16" : "float32";
let worker: Awaited<ReturnType<typeof llamaWorker>> | undefined;
/** Operations that TensorFlow was asked for in the last step. */
let dispatches = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { do: action, ...request } = JSON.parse(line);
  console.log(JSON.stringify(await answer(action, request)));
}

// What a request holds is said by the interface in worker.ts, whose other side writes it.
async function answer(action: string, request: Setup & Batch & Prompt): Promise<object> {
  if (action === "setup") {
    const versions = await startBackend(backend, { threads: request.threads, precision });
    worker = await llamaWorker(request);
    return { versions };
  }
  if (worker === undefined) throw new Error("setup comes first");
  if (action === "train") return trained(worker.train, request);
  if (action === "generate") return worker.generate(request);
  return memory();
}

async function trained(train: (batch: Batch) => Promise<TrainedStep>, batch: Batch): Promise<TrainedStep> {
  if (backend !== "tensorflow") return train(batch);
  const before = dispatchesSoFar();
  const step = await train(batch);
  dispatches = dispatchesSoFar() - before;
  return step;
}

function dispatchesSoFar(): number {
  return tensorFlowStatistics()?.dispatches ?? 0;
}

function memory(): Memory {
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  if (backend === "onnx") return { peakBytes, compileMilliseconds: onnxStatistics().compileMilliseconds };
  return backend === "tensorflow" ? { peakBytes, dispatchesPerStep: dispatches } : { peakBytes };
}
