// Steps of the trainer on TensorFlow.js backends, compared with PyTorch; asserts equal losses:
//   npm run bench:train-step -- --configurations 1m,23m,110m --backend onnx --rounds 7
// Several backends are measured in turns: --backend tensorflow,onnx. --precision bfloat16 applies to the backend
// tensorflow. On a GPU:
//   npm run bench:train-step -- --device gpu --configurations d4096-2,d4096-4 --backend onnx,tensorflow
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { Precision } from "@mlan/backend-tensorflow";
import { randomBatch } from "./batches.ts";
import { CONFIGURATIONS, type Configuration } from "./checkpoint/configuration.ts";
import { Measurement } from "./measurement.ts";
import { atEqualThroughput, printThroughput, type Throughputs } from "./throughput.ts";
import { startMlan, startTorch } from "./start-workers.ts";
import { randomCheckpoint } from "./checkpoint/random-checkpoint.ts";
import type { Setup, Worker } from "./worker.ts";

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

/** Relative tolerance: all sides compute in float32 but in different orders, or with the 8 significant bits of bfloat16. */
const LOSS_TOLERANCE = precision === "bfloat16" ? 2e-2 : 2e-4;
/** A pause, so that threads of one side no longer spin while the other is measured. */
const PAUSE_MILLISECONDS = 200;

for (const name of values.configurations.split(",")) {
  const configuration = CONFIGURATIONS[name];
  if (configuration === undefined)
    throw new Error(`--configurations ${name} is not one of ${Object.keys(CONFIGURATIONS).join(", ")}`);
  await compare(name, configuration, { precision, device });
}

async function compare(
  name: string,
  configuration: Configuration,
  { precision, device }: Pick<Setup, "device"> & { readonly precision: Precision },
): Promise<void> {
  const torch = startTorch();
  const ours = values.backend.split(",").map((backend) => startMlan(backend, precision));
  const workers = torch === undefined ? ours : [...ours, torch];
  const checkpoint = await randomCheckpoint(name, configuration);
  const threads = Number(values.threads);
  const setup: Setup = { configuration, checkpoint, threads, device, task: "train", learningRate: 1e-4 };
  const versions = [];
  for (const worker of workers) versions.push((await worker.setup(setup)).versions);
  console.log(`\n${configuration.name} parameters, ${configuration.rows * configuration.length} tokens per step`);
  console.log(`${versions.join(" and ")}; ${setup.threads} threads of ${cpus()[0]?.model}`);

  const throughputs = await printThroughput(workers);
  const measurements = new Map<Worker, Measurement>(workers.map((worker) => [worker, new Measurement()]));
  let seed = 100;
  for (let round = 0; round <= Number(values.rounds); round++) {
    const batches = Array.from({ length: stepsPerRound(name) }, () => randomBatch(configuration, seed++));
    const losses = [];
    for (const worker of workers) {
      const steps = [];
      for (const batch of batches) steps.push(await worker.train(batch));
      losses.push(steps.map(({ loss }) => loss));
      // The first round compiles, and touches all memory for the first time.
      if (round > 0) for (const { milliseconds } of steps) measurements.get(worker)?.add(milliseconds);
      else console.log(`  first step of ${worker.name}: ${steps[0]?.milliseconds.toFixed(0)} ms`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
    assertEqual(losses, round);
  }
  await print(workers, measurements, throughputs);
  for (const worker of workers) worker.stop();
}

function stepsPerRound(name: string): number {
  return Number(values.steps ?? (name === "1m" ? 10 : 2));
}

function assertEqual([first = [], ...others]: readonly (readonly number[])[], round: number): void {
  for (const losses of others)
    losses.forEach((loss, step) => {
      const own = first[step] ?? NaN;
      if (!(Math.abs(own - loss) <= LOSS_TOLERANCE * Math.abs(loss)))
        throw new Error(`round ${round}, step ${step}: the losses ${own} and ${loss} differ`);
    });
}

/** Prints a line per worker, then the ratio of each to the last one, which is PyTorch if available. */
async function print(
  workers: readonly Worker[],
  measurements: ReadonlyMap<Worker, Measurement>,
  throughputs: Throughputs,
): Promise<void> {
  const results = [];
  for (const worker of workers) {
    const { peakBytes, compileMilliseconds, dispatchesPerStep } = await worker.memory();
    const measurement = measurements.get(worker);
    results.push({ name: worker.name, milliseconds: measurement?.median ?? NaN, peakBytes });
    const compiled = compileMilliseconds === undefined ? "" : `, compiled in ${compileMilliseconds.toFixed(0)} ms`;
    const dispatched = dispatchesPerStep === undefined ? "" : `, ${dispatchesPerStep} dispatches per step`;
    console.log(
      `  ${worker.name}: ${measurement}, peak ${(peakBytes / 2 ** 20).toFixed(0)} MB${compiled}${dispatched}`,
    );
  }
  const peer = results.pop();
  if (peer === undefined || results.length === 0 || !throughputs.claim(peer.name)) return;
  for (const { name, milliseconds, peakBytes } of results) {
    const [time, memory] = [milliseconds / peer.milliseconds, peakBytes / peer.peakBytes];
    const equal = atEqualThroughput(time, throughputs.relative(name, peer.name));
    console.log(`  ${name} relative to ${peer.name}: time ${time.toFixed(2)} x (${equal})`);
    console.log(`    peak memory ${memory.toFixed(2)} x; losses within ${LOSS_TOLERANCE * 100} %`);
  }
}
