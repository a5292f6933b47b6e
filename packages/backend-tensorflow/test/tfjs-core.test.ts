import { describeTfjsCoreTests } from "../../../tools/tfjs-core-suite/describe-suite.ts";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";
import { KNOWN_DIFFERENCES, MISSING_KERNELS } from "./tfjs-core/known-differences.ts";

describeWithTensorFlow("tfjs-core's own tests on tensorflow", () => {
  const suite = {
    program: new URL("tfjs-core/specs-on-tensorflow.ts", import.meta.url),
    bundle: new URL("../.cache/tfjs-core/run-specs.mjs", import.meta.url),
  };
  describeTfjsCoreTests(suite, { known: KNOWN_DIFFERENCES, atLeast: { passed: 3970, tests: 4230 }, leftOut });
});

function leftOut(message: string): string | undefined {
  const kernelName = /Kernel '(\w+)' not registered for backend/.exec(message)?.[1];
  return kernelName !== undefined && MISSING_KERNELS.includes(kernelName) ? `kernel ${kernelName}` : undefined;
}
