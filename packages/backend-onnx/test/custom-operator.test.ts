import { BackendError } from "@mlan/backend-onnx";
import { expect, test } from "vitest";
import { onnxWriter } from "#internal/graph/onnx-writer.ts";
import { customDomain } from "#internal/ort/custom-operator.ts";
import type { OrtSession } from "#internal/ort/ort-session.ts";
import { openOrtSession } from "#internal/ort/ort-session.ts";
import { createSessionOptions, openOrtRuntime } from "#internal/ort/ort-runtime.ts";
import { RecordedValue } from "#internal/recording/recorded-value.ts";
import { writeStorage } from "#internal/memory/storage.ts";

const runtime = openOrtRuntime(1);
const { library } = runtime;

/** A graph of one operator "Twice" of float32 [2], which `compute` computes. */
function sessionOf(compute: (input: Float32Array, output: Float32Array) => void): OrtSession {
  const floats = (value: bigint): Float32Array =>
    new Float32Array(library.view(library.create("GetTensorMutableData", value), 8));
  const domain = customDomain(library, "test", [
    {
      name: "Twice",
      inputs: [1],
      outputs: [1],
      compute(context) {
        const input = library.create("KernelContext_GetInput", context, 0);
        const output = library.create("KernelContext_GetOutput", context, 0, BigInt64Array.of(2n), 1);
        compute(floats(input), floats(output));
      },
    },
  ]);
  const writer = onnxWriter();
  writer.input("i0", [2], "float32");
  writer.node("Neg", ["i0"], ["negative"]);
  writer.node("Twice", ["negative"], ["twice"], {}, "test");
  writer.node("Neg", ["twice"], ["o0"]);
  writer.output("o0", [2], "float32");
  const options = createSessionOptions(library, "basic");
  library.call.AddCustomOpDomain(options, domain);
  return openOrtSession(runtime, options, writer.finish());
}

function run(session: OrtSession): Float32Array {
  const [input, output] = [new RecordedValue([2], "float32"), new RecordedValue([2], "float32")];
  input.storage = writeStorage(runtime, [3, -4], [2], "float32");
  session.run([input], [output]);
  return output.storage!.view().slice() as Float32Array;
}

test("JavaScript computes an operator inside a graph", () => {
  const session = sessionOf((input, output) => output.set(input.map((value) => 2 * value)));
  expect([...run(session)]).toEqual([6, -8]);
  session.release();
});

test("an error of the operator is the error of the run, and the next run works", () => {
  let fails = true;
  const session = sessionOf((input, output) => {
    if (fails) throw new Error("there is nothing to double");
    output.set(input);
  });
  expect(() => run(session)).toThrow(BackendError);
  expect(() => run(session)).toThrow(/Run failed: .*Twice.*there is nothing to double/s);
  fails = false;
  expect([...run(session)]).toEqual([3, -4]);
  session.release();
});
