// TensorFlow.js on the backend that the first argument names, answering requests line by line; see ../worker.ts.
import { onnxStatistics } from "@mlan/backend-onnx";
import { createInterface } from "node:readline";
import type { Batch } from "../llama/batches.ts";
import { llamaWorker } from "../llama/llama-worker.ts";
import type { Prompt, Setup } from "../worker.ts";
import { startBackend } from "./start-backend.ts";

const backend = process.argv[2] ?? "onnx";
let worker: Awaited<ReturnType<typeof llamaWorker>> | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const { do: action, ...request } = JSON.parse(line);
  console.log(JSON.stringify(await answer(action, request)));
}

// What a request holds is said by the interface in worker.ts, whose other side writes it.
async function answer(action: string, request: Setup & Batch & Prompt): Promise<object> {
  if (action === "setup") {
    const versions = await startBackend(backend, request);
    worker = await llamaWorker(request);
    return { versions };
  }
  if (worker === undefined) throw new Error("setup comes first");
  if (action === "train") return worker.train(request);
  if (action === "generate") return worker.generate(request);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return backend === "onnx" ? { peakBytes, compileMilliseconds: onnxStatistics().compileMilliseconds } : { peakBytes };
}
