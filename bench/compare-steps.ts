import { cpus } from "node:os";
import type { Precision } from "@mlan/backend-tensorflow";
import { randomBatch } from "./batches.ts";
import type { Configuration } from "./checkpoint/configuration.ts";
import { randomCheckpoint } from "./checkpoint/random-checkpoint.ts";
import { Measurement } from "./measurement.ts";
import { startMlan, startTorch } from "./start-workers.ts";
import { atEqualThroughput, printThroughput, type Throughputs } from "./throughput.ts";
import type { Setup, Worker } from "./worker.ts";

export interface ComparisonOptions extends Pick<Setup, "threads" | "device"> {
  readonly backends: readonly string[];
  readonly precision: Precision;
  /** Number of measured rounds, after an unmeasured one. */
  readonly rounds: number;
  readonly stepsPerRound: number;
}

/** The result of one side. PyTorch is last if it is available. */
export interface Compared {
  readonly name: string;
  /** Median time of a step. */
  readonly milliseconds: number;
  readonly peakBytes: number;
}

/** Relative tolerance. All sides compute in float32 in different orders, or with the 8 significant bits of bfloat16. */
const LOSS_TOLERANCES: Readonly<Record<Precision, number>> = { float32: 2e-4, bfloat16: 2e-2 };
/** After this pause, threads of one side no longer spin while the other side is measured. */
const PAUSE_MILLISECONDS = 200;

/** Trains a configuration on each backend and on PyTorch in turns, and prints and returns the times. */
export async function compareSteps(
  name: string,
  configuration: Configuration,
  options: ComparisonOptions,
): Promise<readonly Compared[]> {
  const { backends, threads, device, precision, rounds, stepsPerRound } = options;
  const torch = startTorch();
  const ours = backends.map((backend) => startMlan(backend, precision));
  const workers = torch === undefined ? ours : [...ours, torch];
  const checkpoint = await randomCheckpoint(name, configuration);
  const setup: Setup = { configuration, checkpoint, threads, device, task: "train", learningRate: 1e-4 };
  const versions = [];
  for (const worker of workers) versions.push((await worker.setup(setup)).versions);
  console.log(`\n${configuration.name} parameters, ${configuration.rows * configuration.length} tokens per step`);
  console.log(`${versions.join(" and ")}; ${setup.threads} threads of ${cpus()[0]?.model}`);

  const tolerance = LOSS_TOLERANCES[precision];
  const throughputs = await printThroughput(workers);
  const measurements = new Map<Worker, Measurement>(workers.map((worker) => [worker, new Measurement()]));
  let seed = 100;
  for (let round = 0; round <= rounds; round++) {
    const batches = Array.from({ length: stepsPerRound }, () => randomBatch(configuration, seed++));
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
    assertEqual(losses, round, tolerance);
  }
  const compared = await print(workers, measurements, throughputs, tolerance);
  for (const worker of workers) worker.stop();
  return compared;
}

function assertEqual([first = [], ...others]: readonly (readonly number[])[], round: number, tolerance: number): void {
  for (const losses of others)
    losses.forEach((loss, step) => {
      const own = first[step] ?? NaN;
      if (!(Math.abs(own - loss) <= tolerance * Math.abs(loss)))
        throw new Error(`round ${round}, step ${step}: the losses ${own} and ${loss} differ`);
    });
}

/** Prints a line per worker, then the ratio of each to the last worker, which is PyTorch if available. */
async function print(
  workers: readonly Worker[],
  measurements: ReadonlyMap<Worker, Measurement>,
  throughputs: Throughputs,
  tolerance: number,
): Promise<readonly Compared[]> {
  const results: Compared[] = [];
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
  const peer = results.at(-1);
  if (peer === undefined || results.length === 1 || !throughputs.claim(peer.name)) return results;
  for (const { name, milliseconds, peakBytes } of results.slice(0, -1)) {
    const [time, memory] = [milliseconds / peer.milliseconds, peakBytes / peer.peakBytes];
    const equal = atEqualThroughput(time, throughputs.relative(name, peer.name));
    console.log(`  ${name} relative to ${peer.name}: time ${time.toFixed(2)} x (${equal})`);
    console.log(`    peak memory ${memory.toFixed(2)} x; losses within ${tolerance * 100} %`);
  }
  return results;
}
