import type { DeviceUse, EvaluateEvent, RunEvent, StageStartEvent, TrainEvent } from "@mlan/core";
import { mostDeviceUse } from "@mlan/run-view";

export interface Progress {
  readonly stage: string;
  readonly kind: StageStartEvent["kind"];
  /** Counted from 0. */
  readonly index: number;
  readonly stages: number;
  /** Absent until training or a benchmark has begun. */
  readonly work?: Work;
}

/** A number of steps or questions, and how many of them are done. */
export interface Work {
  readonly unit: "step" | "question";
  /** The benchmark being evaluated. */
  readonly benchmark?: string;
  readonly done: number;
  readonly total: number;
  readonly loss?: number;
  /** The maximum use of the device by any step so far. */
  readonly device?: DeviceUse;
  /** The number of steps or questions done at recent times, oldest first. Used to compute the rate. */
  readonly samples: readonly Sample[];
}

interface Sample {
  /** Milliseconds. */
  readonly time: number;
  readonly done: number;
}

/** The rate is averaged over this time: short enough to follow changes, long enough to be steady. */
const WINDOW_MILLISECONDS = 30_000;
const MAXIMUM_SAMPLES = 60;

/** Returns the progress after an event. `now` is in milliseconds. */
export function advance(progress: Progress | undefined, event: RunEvent, now: number): Progress | undefined {
  switch (event.type) {
    case "stage-start": {
      const { stage, kind, index, stages } = event;
      return { stage, kind, index, stages };
    }
    case "stage-progress": {
      const work = progress && workAfter(progress.work, event.event, now);
      return progress && { ...progress, ...(work && { work }) };
    }
    case "stage-end":
      return progress;
    case "preflight":
    case "download":
    case "damage":
    case "notice":
    case "run-end":
      return undefined;
  }
}

/** Returns the number of steps or questions per second over the window; undefined until it is known. */
export function rateOf({ samples }: Work): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || last.done === first.done || last.time <= first.time) return undefined;
  return ((last.done - first.done) / (last.time - first.time)) * 1000;
}

/** Estimates the seconds until the work is done. Undefined until the rate is known. */
export function timeLeft(work: Work, now: number): number | undefined {
  const rate = rateOf(work);
  const last = work.samples.at(-1);
  if (rate === undefined || !last) return undefined;
  return Math.max(0, (work.total - work.done) / rate - (now - last.time) / 1000);
}

function workAfter(work: Work | undefined, event: TrainEvent | EvaluateEvent, now: number): Work | undefined {
  switch (event.type) {
    case "train-start": {
      const device = mostDeviceUse((event.history ?? []).map((step) => step.device));
      return startedWork({ unit: "step", done: event.stepsDone, total: event.steps, ...(device && { device }) }, now);
    }
    case "step-end": {
      const device = mostDeviceUse([work?.device, event.device]);
      const samples = withSample(work?.samples ?? [], event.step, now);
      return work && { ...work, loss: event.loss, ...(device && { device }), done: event.step, samples };
    }
    case "evaluate-start": {
      const { benchmark, answered, questions } = event;
      return startedWork({ unit: "question", benchmark, done: answered, total: questions }, now);
    }
    case "question-answered":
      return work && { ...work, done: event.answered, samples: withSample(work.samples, event.answered, now) };
    default:
      return work;
  }
}

function startedWork(work: Omit<Work, "samples">, now: number): Work {
  return { ...work, samples: [{ time: now, done: work.done }] };
}

/**
 * Adds a sample. Replaces the last sample if it is close in time to the one before, so that fast events do not fill the
 * window.
 */
function withSample(samples: readonly Sample[], done: number, time: number): readonly Sample[] {
  const beforeLast = samples.at(-2);
  const replace = beforeLast && (samples.at(-1)?.time ?? 0) - beforeLast.time < WINDOW_MILLISECONDS / MAXIMUM_SAMPLES;
  const next = [...(replace ? samples.slice(0, -1) : samples), { time, done }];
  const recent = next.findIndex((sample) => time - sample.time <= WINDOW_MILLISECONDS);
  // One step may take longer than the window, so at least two samples are kept.
  return next.slice(Math.max(0, Math.min(recent, next.length - 2)));
}
