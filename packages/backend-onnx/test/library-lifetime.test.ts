import { useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test } from "vitest";
import { pinLibrary } from "../src/ort/pin-library.ts";

// koffi unloads a library whose handle is collected. A call into it then ends the process.
test("the native library stays loaded through garbage collection", async () => {
  // With one thread, because the library's worker threads would keep it loaded by chance.
  await useOnnxBackend({ threads: 1 });
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(tf.add(round, 1).dataSync()[0]).toBe(round + 1);
  }
});

const { platform } = process;
afterEach(() => Object.defineProperty(process, "platform", { value: platform }));

test.each([
  ["does not know", platform],
  ["has no function to pin", platform === "win32" ? "linux" : "win32"],
])("a library that the system %s is used without a pin, and Node warns", async (_, system) => {
  Object.defineProperty(process, "platform", { value: system });
  const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
  pinLibrary("/nowhere/libonnxruntime.so.1");
  expect((await warned).message).toBe(
    "/nowhere/libonnxruntime.so.1 cannot be kept in memory: the process may crash when it ends.",
  );
});
