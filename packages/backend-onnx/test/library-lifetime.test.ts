import { useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

// koffi unloads a library whose handle is collected; calling into it then ends the process.
test("the native library stays loaded through garbage collection", async () => {
  // With one thread, since worker threads of the library's own would keep it loaded by chance.
  await useOnnxBackend({ threads: 1 });
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(tf.add(round, 1).dataSync()[0]).toBe(round + 1);
  }
});
