// Steps of the trainer on TensorFlow.js backends, compared with PyTorch; asserts equal losses:
//   npm run bench:train-step -- --configurations 1m,23m,110m --backend onnx --rounds 7
// Several backends are measured in turns: --backend tensorflow,onnx. --precision bfloat16 applies to the backend
// tensorflow. On a GPU:
//   npm run bench:train-step -- --device gpu --configurations d4096-2,d4096-4 --backend onnx,tensorflow
import { parseArgs } from "node:util";
import type { Precision } from "@mlan/backend-tensorflow";
import { CONFIGURATIONS } from "./checkpoint/configuration.ts";
import { compareSteps } from "./compare-steps.ts";

const { values } = parseArgs({
  options: {
    configurations: { type: "string", default: "1m,23m,110m" },
    backend: { type: "string", default: "onnx" },
    rounds: { type: "string", default: "7" },
    steps: { type: "string" },
    threads: { type: "string", default: "2" },
    device: { type: "string", default: "cpu" },
    precision: { type: "string", default: "float32" },
  },
});
const DEVICES = ["cpu", "gpu"] as const;
const device = DEVICES.find((known) => known === values.device);
if (device === undefined) throw new Error(`--device ${values.device} is neither cpu nor gpu`);

const PRECISIONS: readonly Precision[] = ["float32", "bfloat16"];
const precision = PRECISIONS.find((known) => known === values.precision);
if (precision === undefined) throw new Error(`--precision ${values.precision} is neither float32 nor bfloat16`);

for (const name of values.configurations.split(",")) {
  const configuration = CONFIGURATIONS[name];
  if (configuration === undefined)
    throw new Error(`--configurations ${name} is not one of ${Object.keys(CONFIGURATIONS).join(", ")}`);
  await compareSteps(name, configuration, {
    backends: values.backend.split(","),
    threads: Number(values.threads),
    rounds: Number(values.rounds),
    stepsPerRound: Number(values.steps ?? (name === "1m" ? 10 : 2)),
    precision,
    device,
  });
}
