import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers gradients
import * as tf from "@tensorflow/tfjs-core";
import type { CompiledFunction, Compute } from "@mlan/core";
import { describeComputeContract, plainCompute } from "@mlan/testing";
import { describe } from "vitest";

function broken(name: string, over: Partial<Compute>): void {
  // The name must be that of a backend.
  // oxlint-disable-next-line vitest/valid-title
  describe(`${name}:`, () => {
    describeComputeContract({ ...plainCompute(), ...over });
  });
}

let opening: Promise<void> | undefined;
broken("opens-once", { open: () => (opening ??= plainCompute().open()) });

let dispatches = 0;
broken("leaks", {
  compile: (fn) => Object.assign(fn.bind(undefined), { signatures: 0, dispose() {} }),
  usage: () => ({ dispatches: ++dispatches, peakBytes: 64 * 64 * 4 }),
});

/** Returns copies of the first call's results in every call. */
function remembering<Parameters extends readonly unknown[], Result>(
  fn: (...parameters: Parameters) => Result,
): CompiledFunction<Parameters, Result> {
  let known: Result | undefined;
  const call = (...parameters: Parameters): Result => {
    known ??= tf.tidy(() => tf.keep(fn(...parameters) as tf.Tensor)) as Result;
    return (known instanceof tf.Tensor ? tf.clone(known) : known) as Result;
  };
  return Object.assign(call, { signatures: 0, dispose() {} });
}
broken("remembers", { compile: remembering });
