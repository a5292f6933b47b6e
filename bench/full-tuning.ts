// Tuning all weights on long rows, compared with PyTorch: 58 M parameters, 4 rows of 2,000 positions, without gradient
// checkpointing. Prints time and peak memory beside the bars.
//   npm run bench:full-tuning
import { parseArgs } from "node:util";
import { CONFIGURATIONS } from "./checkpoint/configuration.ts";
import { compareSteps } from "./compare-steps.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    // A quarter of the positions, as answers in a conversation, and all of them.
    supervised: { type: "string", default: "0.25,1" },
  },
});

/** Maximum bytes of the process. */
const LARGEST_PEAK = 4.5e9;
/** Maximum fraction of PyTorch's time. Before attention was computed in blocks, a step took 0.75 of it. */
const LARGEST_TIME = 1.05 * 0.75;

const configuration = CONFIGURATIONS["58m"];
if (!configuration) throw new Error("there is no configuration 58m");
for (const share of values.supervised.split(",").map(Number)) {
  console.log(`\nSupervised: ${share * 100} % of the positions`);
  const [own, torch] = await compareSteps(
    "58m",
    { ...configuration, supervisedShare: share },
    {
      backends: ["onnx"],
      threads: Number(values.threads),
      device: "cpu",
      precision: "float32",
      rounds: Number(values.rounds),
      stepsPerRound: 1,
    },
  );
  if (!own) continue;
  console.log(
    `  peak ${(own.peakBytes / 1e9).toFixed(2)} GB; bar ${LARGEST_PEAK / 1e9} GB: ${verdict(own.peakBytes <= LARGEST_PEAK)}`,
  );
  if (!torch) continue;
  const time = own.milliseconds / torch.milliseconds;
  console.log(
    `  time ${time.toFixed(2)} x PyTorch; bar ${LARGEST_TIME.toFixed(2)} x: ${verdict(time <= LARGEST_TIME)}`,
  );
}

function verdict(reached: boolean): string {
  return reached ? "reached" : "missed";
}
