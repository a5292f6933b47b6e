import type { DeviceUse, RunEvent, StageProgressEvent, TrainEvent } from "@mlan/core";
import { lastingLines, progressLine } from "#internal/terminal/progress-text.ts";
import { advance, type Progress } from "#internal/terminal/progress.ts";
import { describe, expect, test } from "vitest";

const start: RunEvent = { type: "stage-start", stage: "tune", kind: "train", index: 1, stages: 4 };
const inner = (event: TrainEvent): StageProgressEvent => ({ type: "stage-progress", stage: "tune", event });
const begin = (stepsDone = 0, unsupervised: readonly string[] = []): RunEvent =>
  inner({ type: "train-start", stepsDone, steps: 400, dataFingerprint: "f", unsupervised });
const step = (number: number, loss: number, device?: DeviceUse): StageProgressEvent => {
  const counts = { text: 1, image: 0, padding: 0, supervised: 1 };
  const event = {
    type: "step-end",
    step: number,
    steps: 400,
    loss,
    learningRate: 0,
    counts,
    flops: 0,
    seconds: 0.5,
  } as const;
  return inner({ ...event, ...(device && { device }) });
};

/** The end of a training stage that took 50 s over all starts. `steps` is the number of steps since the last start. */
const ended = (steps: number): RunEvent => {
  const tokens = { text: 1, image: 0, padding: 0, supervised: 1 };
  const ledger = { stage: "tune", steps, ...tokens, flops: 0, seconds: 50, firstLoss: 3, lastLoss: 1 };
  return { type: "stage-end", stage: "tune", seconds: 50, skipped: false, ledger };
};

/** The progress after events at the given times in milliseconds. */
const after = (...events: readonly (readonly [now: number, event: RunEvent])[]): Progress => {
  const last = events.reduce<Progress | undefined>(
    (progress, [now, event]) => advance(progress, event, now),
    undefined,
  );
  if (!last) throw new Error("no stage is running");
  return last;
};

const trained = (): Progress => {
  const steps = Array.from(
    { length: 100 },
    (_, index) => [(index + 1) * 500, step(index + 1, 3 - index / 50)] as const,
  );
  return after([0, start], [0, begin()], ...steps);
};

describe("the progress line", () => {
  test("shows stage, bar, count, loss, rate, and time left", () => {
    expect(progressLine(trained(), 50_000, 90)).toBe(
      "[2/4] tune  ████████░░░░░░░░░░░░░░░░░░░░░░  100/400  loss 1.020  2.0 steps/s  2m 30s left",
    );
  });

  test("keeps counting down during a long step", () => {
    expect(progressLine(trained(), 60_000, 90)).toMatch(/2m 20s left$/);
  });

  test("fits every width, with less and less of a bar", () => {
    for (let width = 0; width < 120; width++) {
      expect(progressLine(trained(), 50_000, width).length).toBeLessThanOrEqual(width);
    }
    expect(progressLine(trained(), 50_000, 60)).toBe("[2/4] tune  100/400  loss 1.020  2.0 steps/s  2m 30s left");
  });

  test("follows a rate that changes, and forgets what was before", () => {
    const slow = Array.from(
      { length: 10 },
      (_, index) => [50_000 + (index + 1) * 6_000, step(101 + index, 1)] as const,
    );
    const progress = slow.reduce<Progress | undefined>((state, [now, event]) => advance(state, event, now), trained());
    expect(progress && progressLine(progress, 110_000, 100)).toMatch(/6\.0s per step  29m 00s left$/);
  });

  test("counts a resumed stage from where it resumes", () => {
    const progress = after([0, start], [0, begin(200)], [1000, step(201, 1)], [2000, step(202, 1)]);
    expect(progressLine(progress, 2000, 100)).toMatch(/202\/400  loss 1\.000  1\.0 steps\/s  3m 18s left$/);
  });

  test("names the benchmark that is asked", () => {
    const progress = after(
      [0, { ...start, stage: "base", kind: "evaluate" }],
      [
        0,
        {
          type: "stage-progress",
          stage: "base",
          event: { type: "evaluate-start", benchmark: "boolq", questions: 300, answered: 0 },
        },
      ],
    );
    expect(progressLine(progress, 0, 40)).toBe("[2/4] base · boolq  ░░░░░░░░░░░░░  0/300");
  });

  test("says so before anything is known", () => {
    expect(progressLine(after([0, start]), 0, 80)).toBe("[2/4] tune  starting");
  });
});

describe("what stays on the screen", () => {
  test("shows the largest device use of a step, if it is counted", () => {
    const counted = (number: number, dispatches: number, peakBytes: number): RunEvent =>
      step(number, 1, { dispatches, peakBytes });
    const progress = after([0, start], [0, begin()], [1, counted(1, 1500, 2e9)], [2, counted(2, 1200, 3.5e9)]);
    expect(lastingLines(progress, ended(2))).toEqual([
      "[2/4] tune  done in 50s: 2 steps, loss 3.000 → 1.000, at most 1,500 dispatches and 3.50 GB of tensors per step",
    ]);
  });

  test("is a stage's outcome", () => {
    expect(lastingLines(trained(), ended(100))).toEqual(["[2/4] tune  done in 50s: 100 steps, loss 3.000 → 1.000"]);
    expect(lastingLines(after([0, start]), { type: "stage-end", stage: "tune", seconds: 0, skipped: true })).toEqual([
      "[2/4] tune  already done",
    ]);
  });

  test("counts all of a training that was resumed", () => {
    const most = { dispatches: 1500, peakBytes: 2e9 };
    const { event } = step(1, 3, most);
    const history = event.type === "step-end" ? [event] : [];
    const resumed = inner({
      type: "train-start",
      stepsDone: 1,
      steps: 2,
      dataFingerprint: "f",
      unsupervised: [],
      history,
    });
    const progress = after([0, start], [0, resumed], [1, step(2, 2, { dispatches: 1, peakBytes: 1 })]);
    expect(lastingLines(progress, ended(2))).toEqual([
      "[2/4] tune  done in 50s: 2 steps, loss 3.000 → 1.000, at most 1,500 dispatches and 2.00 GB of tensors per step",
    ]);
  });

  test("names the step where a stage resumes, and conversations without supervision", () => {
    const event = begin(40, ["row 3: empty answer", "row 8: empty answer", "row 9: too long", "row 12: too long"]);
    expect(lastingLines(after([0, start], [0, event]), event)).toEqual([
      "[2/4] tune  resumes after step 40",
      "[2/4] tune  nothing is learned from row 3: empty answer",
      "[2/4] tune  nothing is learned from row 8: empty answer",
      "[2/4] tune  nothing is learned from row 9: too long",
    ]);
  });

  test("is what a trainer warns of", () => {
    const event = inner({
      type: "train-start",
      stepsDone: 0,
      steps: 400,
      dataFingerprint: "f",
      unsupervised: [],
      warnings: ["The learning rates add up to nothing."],
    });
    expect(lastingLines(after([0, start], [0, event]), event)).toEqual([
      "[2/4] tune  The learning rates add up to nothing.",
    ]);
  });

  test("is a benchmark's headline", () => {
    const event: RunEvent = {
      type: "stage-progress",
      stage: "base",
      event: {
        type: "evaluate-end",
        result: {
          benchmark: "boolq",
          protocol: "strict",
          protocolVersion: 1,
          wording: "tuned",
          fingerprints: { questions: "q", prompts: "p", protocol: "r" },
          evaluator: "generation",
          extractor: { name: "strict", version: 1 },
          positions: { prompts: 12_000, computed: 3000 },
          questions: 300,
          unreadable: 2,
          truncatedPrompts: 1,
          metrics: { accuracy: { value: 0.713, standardError: 0.026 }, other: { value: 0 } },
          seconds: 3,
        },
      },
    };
    const asked: RunEvent = {
      type: "stage-progress",
      stage: "base",
      event: { type: "evaluate-start", benchmark: "boolq", questions: 300, answered: 7 },
    };
    const progress = after([0, { ...start, stage: "base", kind: "evaluate" }], [0, asked]);
    expect(lastingLines(progress, asked)).toEqual(["[2/4] base · boolq  7 answers of boolq already stored"]);
    expect(lastingLines(progress, event)).toEqual([
      "[2/4] base · boolq  accuracy 71.3 ± 2.6 %, 300 questions, 2 answers unreadable, 1 prompt truncated, " +
        "3,000 of 12,000 prompt positions computed",
    ]);
    if (event.type !== "stage-progress" || event.event.type !== "evaluate-end") throw new Error("no result");
    const { positions: _, ...result } = event.event.result;
    const flip = { id: "a", together: "yes", alone: "no", margin: 0.1 };
    const lone = {
      ...event,
      event: {
        ...event.event,
        result: {
          ...result,
          positions: { prompts: 1, computed: 0 },
          questions: 1,
          unreadable: 1,
          truncatedPrompts: 0,
          verification: { checked: 1, flips: [flip], smallestMargin: 0.1 },
        },
      },
    };
    expect(lastingLines(progress, lone)).toEqual([
      "[2/4] base · boolq  accuracy 71.3 ± 2.6 %, 1 question, 1 answer unreadable, 0 of 1 prompt position computed, " +
        "1 of 1 answer changed when asked alone",
    ]);
    const limited = { ...lone.event.result, questionsInBenchmark: 500 };
    const [line] = lastingLines(progress, { ...lone, event: { ...lone.event, result: limited } });
    expect(line).toContain(" 1 of 500 questions, ");
  });

  test("counts one thing as one", () => {
    const once = { dispatches: 1, peakBytes: 1e9 };
    const progress = after([0, start], [0, begin()], [1, step(1, 1, once)]);
    expect(lastingLines(progress, ended(1))).toEqual([
      "[2/4] tune  done in 50s: 1 step, loss 3.000 → 1.000, at most 1 dispatch and 1.00 GB of tensors per step",
    ]);
  });
});
