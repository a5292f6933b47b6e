import { describe } from "vitest";
import { describeTfjsCoreTests } from "../../../tools/tfjs-core-suite/describe-suite.ts";
import { reasonLeftOut } from "../src/kernels/left-out-kernels.ts";
import { KNOWN_DIFFERENCES } from "./tfjs-core/known-differences.ts";

describe("tfjs-core's own tests", () => {
  const suite = {
    program: new URL("tfjs-core/specs-on-onnx.ts", import.meta.url),
    bundle: new URL("../.cache/tfjs-core/run-specs.mjs", import.meta.url),
  };
  describeTfjsCoreTests(suite, { known: KNOWN_DIFFERENCES, atLeast: { passed: 3778, tests: 4230 }, leftOut });
});

function leftOut(message: string): string | undefined {
  const dtype = /dtype (string|complex64) is not supported, only/.exec(message)?.[1];
  if (dtype !== undefined) return `dtype ${dtype}`;
  const kernelName = /the kernel (\w+) is not implemented/.exec(message)?.[1];
  return kernelName !== undefined && reasonLeftOut(kernelName) !== undefined ? `kernel ${kernelName}` : undefined;
}
