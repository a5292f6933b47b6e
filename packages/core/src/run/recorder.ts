import { checkpointDigest } from "../files/checksums.ts";
import { pathOf } from "@mlan/errors";
import { isDeepStrictEqual } from "node:util";
import { MlanError } from "../errors.ts";
import type { EvaluateEvent, EvaluateStartEvent } from "../contracts/evaluator.ts";
import { type RunResults, unfinished } from "./finished-work.ts";
import { ledgerEntry, type StepMetrics } from "./ledger.ts";
import type { StageStatus } from "./manifest.ts";
import { metricsOf } from "./metrics-log.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Stage, StageResult } from "./stage.ts";
import type { TrainEvent, TrainStartEvent } from "../contracts/trainer.ts";

/** Writes what a stage's events report into the run folder. */
export interface Recorder {
  /** Records an event. Returns the changes to be written into the manifest. */
  add(event: TrainEvent | EvaluateEvent): Promise<Partial<StageStatus>>;
  /** Returns the duration of the stage in earlier starts of the run, in seconds. Constant once the stage has begun. */
  secondsBefore(): number;
  /** Returns the stage's final status. Throws `contract` when the events that end a stage are missing. */
  finish(): Partial<StageStatus>;
}

/**
 * Creates the recorder of a stage. When part of a finished evaluation stage is run again, `secondsKnown` is the number
 * of seconds that the stage had taken until then.
 */
export function recorder(stage: Stage, folder: RunFolder, results: RunResults, secondsKnown?: number): Recorder {
  const { name } = stage;
  const unanswered = new Set(unfinished(stage, results));
  const steps: StepMetrics[] = [];
  const status: { -readonly [Key in keyof StageStatus]?: StageStatus[Key] } = {};
  const sum = (parts: readonly { readonly seconds: number }[]): number =>
    parts.reduce((total, { seconds }) => total + (Number.isNaN(seconds) ? 0 : seconds), 0);
  let secondsBefore = secondsKnown ?? sum(results.of(name));
  const starts = new Map<string, EvaluateStartEvent>();
  return {
    async add(event) {
      switch (event.type) {
        case "train-start":
          status.dataFingerprint = event.dataFingerprint;
          steps.splice(0, Infinity, ...(await folder.metrics.restore(name, event.stepsDone, event.history)));
          secondsBefore = sum(steps);
          return warningsOf(event);
        case "step-end":
          steps.push(metricsOf(name, event));
          await folder.metrics.add(metricsOf(name, event));
          return {};
        case "checkpoint-saved":
          await folder.metrics.sync();
          return {};
        case "train-end": {
          status.checkpoint = pathInside(folder, stage, event.folder);
          const digest = await checkpointDigest(event.folder);
          if (digest !== undefined) status.checkpointDigest = digest;
          return {};
        }
        case "evaluate-start":
          starts.set(event.benchmark, event);
          return {};
        case "evaluate-end": {
          const { benchmark } = event.result;
          unanswered.delete(benchmark);
          const measured = { stage: name, ...event.result };
          const record = await results.write(withKnownCost(measured, starts.get(benchmark), results.known(measured)));
          return { evaluated: { [benchmark]: record } };
        }
        default:
          return {};
      }
    },
    secondsBefore: () => secondsBefore,
    finish() {
      const [benchmark] = unanswered;
      const missing = stage.kind === "train" && status.checkpoint === undefined ? `"train-end"` : undefined;
      const silent = missing ?? (benchmark === undefined ? undefined : `"evaluate-end" of ${benchmark}`);
      if (silent !== undefined) {
        throw new MlanError(
          "contract",
          `stage "${name}" ended without ${silent}; it is not done. Run it again to continue it.`,
        );
      }
      if (stage.kind === "train") status.ledger = ledgerEntry(name, steps);
      return status;
    },
  };
}

/** The warnings of a trainer, including one that lists conversations from which nothing is learned. */
function warningsOf({ unsupervised, warnings = [] }: TrainStartEvent): Partial<StageStatus> {
  const all = [...unsupervised.map((one) => `nothing is learned from ${one}`), ...warnings];
  return all.length === 0 ? {} : { warnings: all };
}

/**
 * Adds the cost to a result that was computed from stored answers: the cost of the known result if its fingerprints are
 * equal, otherwise NaN.
 */
function withKnownCost(
  result: StageResult,
  start: EvaluateStartEvent | undefined,
  known: StageResult | undefined,
): StageResult {
  if (!start || start.answered === 0) return result;
  if (known && isDeepStrictEqual(known.fingerprints, result.fingerprints)) {
    return { ...result, positions: known.positions, seconds: known.seconds };
  }
  if (start.answered < start.questions) return result;
  return { ...result, positions: { prompts: NaN, computed: NaN }, seconds: NaN };
}

function pathInside(folder: RunFolder, stage: Stage, checkpoint: URL): string {
  const { href } = folder.url;
  if (checkpoint.href.startsWith(href) && checkpoint.href.endsWith("/")) return checkpoint.href.slice(href.length);
  throw new MlanError(
    "contract",
    `the trainer of stage "${stage.name}" left its checkpoint in ${pathOf(checkpoint)}, which must be a folder inside the run folder, with a URL that ends in a slash.`,
  );
}
