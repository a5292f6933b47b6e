// TensorFlow.js on the backend that the first argument names, answering requests line by line; see ../worker.ts.
import { onnxStatistics } from "@mlan/backend-onnx";
import { createInterface } from "node:readline";
import { llamaWorker } from "../llama/llama-worker.ts";
import { startBackend } from "./start-backend.ts";

const backend = process.argv[2] ?? "onnx";
let worker: Awaited<ReturnType<typeof llamaWorker>> | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const { do: action, ...request } = JSON.parse(line);
  console.log(JSON.stringify(await answer(action, request)));
}

async function answer(action: string, request: never): Promise<object> {
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
