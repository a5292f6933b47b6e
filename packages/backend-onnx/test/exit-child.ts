import { readFileSync } from "node:fs";
import { isMainThread, Worker } from "node:worker_threads";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { quantize, quantizedMatrix } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";

/** Ways to end while ONNX Runtime's threads run; each in a separate process, see `exit.test.ts`. */
const ENDS: Readonly<Record<string, () => void | Promise<void>>> = {
  "before anything is computed": () => {
    process.exitCode = 7;
  },
  "after a result": () => {
    compute();
    process.exitCode = 7;
  },
  "by process.exit": () => {
    compute();
    process.exit(7);
  },
  "by process.exit with operations that were not run": () => {
    setImmediate(() => process.exit(7));
    product();
  },
  "with a result that is read at the exit": () => {
    process.on("exit", compute);
    process.exitCode = 7;
  },
  "by an uncaught error": () => {
    compute();
    throw new Error("an uncaught error, as the test wants it");
  },
  "by a rejected promise": async () => {
    compute();
    await Promise.reject(new Error("a rejected promise, as the test wants it"));
  },
  "after workers": async () => {
    if (!isMainThread) {
      compute();
      return;
    }
    for (let round = 0; round < 3; round++) {
      await workerEnds();
      // koffi unloads its libraries with the worker. This must not affect the library's threads.
      if (process.platform === "linux" && !readFileSync("/proc/self/maps", "utf8").includes("libonnxruntime")) {
        process.exit(9);
      }
    }
    await useOnnxBackend({ threads: THREADS });
    compute();
    process.exitCode = 7;
  },
};
/** With one thread, the library's other threads cannot keep it in memory by chance. */
const THREADS = Number(process.argv[3] ?? 1);

function product(): tf.Tensor {
  const x = tf.ones([128, 128]);
  return tf.matMul(x, x);
}

function compute(): void {
  const [first] = product().dataSync();
  if (first !== 128) process.exit(8);
  // A graph that calls JavaScript.
  const matrix = quantizedMatrix(quantize(new Float32Array(128 * 128).fill(1), [128, 128]));
  const [sum = 0] = matrix.multiply(tf.ones([1, 128])).dataSync();
  if (Math.abs(sum - 128) > 1) process.exit(10);
}

function workerEnds(): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
    worker.once("error", reject).once("exit", () => resolve());
  });
}

const end = ENDS[process.argv[2] ?? ""];
if (end === undefined) process.exit(10);
if (isMainThread === (process.argv[2] !== "after workers")) await useOnnxBackend({ threads: THREADS });
await end();
