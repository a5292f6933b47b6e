import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { deriveSeed } from "../data/random.ts";
import type { Scope } from "../scope/scope.ts";
import { MODEL } from "../scope/token.ts";
import type { Experiment } from "./experiment.ts";
import { runFolder } from "./run-folder.ts";
import type { Stage } from "./stage.ts";

export interface MeasuredStep {
  /** Duration of the first step, which includes recording graphs. */
  readonly firstSeconds: number;
  /** Duration of the second step; of the first if there is only one. */
  readonly seconds: number;
  /** The largest resident set of the process so far, in bytes. */
  readonly peakBytes: number;
}

export interface MeasureOptions {
  readonly experiment: Experiment;
  readonly scope: Scope;
  readonly signal: AbortSignal | undefined;
}

/** Takes the first steps of each training stage and yields the measurements. Nothing is saved. */
export async function* measuredSteps({
  experiment: { seed, stages },
  scope,
  signal,
}: MeasureOptions): AsyncGenerator<readonly [stage: string, MeasuredStep | undefined]> {
  const abort = signal && { signal };
  const model = await scope.get(MODEL).open({ seed: deriveSeed(seed, "model"), ...abort });
  // The trainer writes here only if a checkpoint is due at one of these steps.
  const place = await mkdtemp(join(tmpdir(), "mlan-plan-"));
  try {
    const folder = runFolder(pathToFileURL(`${place}/`));
    for (const stage of stages.filter(({ kind }) => kind === "train")) {
      const context = { scope, model, seed, folder, benchmarks: [], weights: "", ...abort };
      yield [stage.name, await firstSteps(stage.run(context))];
    }
  } finally {
    model.dispose();
    await rm(place, { recursive: true, force: true });
  }
}

const STEPS = 2;

async function firstSteps(events: ReturnType<Stage["run"]>): Promise<MeasuredStep | undefined> {
  const taken = events[Symbol.asyncIterator]();
  const durations: number[] = [];
  for (;;) {
    const { done, value } = await taken.next();
    if (done) break;
    if (value.type !== "step-end") continue;
    durations.push(value.seconds);
    if (durations.length < STEPS) continue;
    await stopped(taken);
    break;
  }
  const [firstSeconds] = durations;
  const seconds = durations.at(-1);
  if (firstSeconds === undefined || seconds === undefined) return undefined;
  return { firstSeconds, seconds, peakBytes: 1024 * process.resourceUsage().maxRSS };
}

/** Ends a training by throwing an error into its generator, so that the trainer saves no checkpoint. */
async function stopped(taken: AsyncIterator<unknown>): Promise<void> {
  const end = new Error("The steps have been measured.");
  await taken.throw?.(end).catch((error: unknown) => {
    if (error !== end) throw error;
  });
}
