import { type BenchmarkResult, counted, type RunEvent, type StageEndEvent } from "@mlan/core";
import { displayPath } from "../project/folders.ts";
import { deviceUseText } from "./device-use.ts";
import { count, duration, fixed, percentWithInterval, rate } from "@mlan/run-view";
import { type Progress, rateOf, timeLeft, type Work } from "./progress.ts";

const LONGEST_BAR = 30;
const SHORTEST_BAR = 5;

/**
 * Describes the running stage in one line of at most `width` characters, with a progress bar if there is room for it.
 */
export function progressLine(progress: Progress, now: number, width: number): string {
  const { work } = progress;
  const head = headOf(progress);
  if (!work) return clipped(`${head}  starting`, width);
  const parts = partsOf(work, now);
  const bare = [head, ...parts].join("  ");
  const room = Math.min(LONGEST_BAR, width - bare.length - 2);
  return room < SHORTEST_BAR ? clipped(bare, width) : [head, bar(work.done / work.total, room), ...parts].join("  ");
}

/**
 * Returns the lines that an event leaves on the screen, such as the end of a stage or a warning. `progress` is the
 * progress after the event.
 */
export function lastingLines(progress: Progress | undefined, event: RunEvent): readonly string[] {
  if (event.type === "damage") {
    const { problem, isRepairable } = event.damage;
    return [isRepairable ? `${problem}; recreating it` : `${problem}.`];
  }
  if (event.type === "notice") return [`Note: ${event.notice}.`];
  if (event.type === "stage-end" && progress) return [endOf(progress, event)];
  if (event.type !== "stage-progress" || !progress) return [];
  const head = headOf(progress);
  const inner = event.event;
  switch (inner.type) {
    case "train-start": {
      const resumed = inner.stepsDone > 0 ? [`${head}  resumes after step ${count(inner.stepsDone)}`] : [];
      const useless = inner.unsupervised.slice(0, 3).map((one) => `${head}  nothing is learned from ${one}`);
      const warnings = (inner.warnings ?? []).map((warning) => `${head}  ${warning}`);
      return [...resumed, ...useless, ...warnings];
    }
    case "evaluate-start":
      return inner.answered > 0
        ? [`${head}  ${counted(inner.answered, "answer")} of ${inner.benchmark} already stored`]
        : [];
    case "evaluate-end":
      return [`${head}  ${headline(inner.result)}`];
    default:
      return [];
  }
}

function headOf({ index, stages, stage, work }: Progress): string {
  const benchmark = work?.benchmark === undefined ? "" : ` · ${work.benchmark}`;
  return `[${index + 1}/${stages}] ${stage}${benchmark}`;
}

function partsOf(work: Work, now: number): readonly string[] {
  const perSecond = rateOf(work);
  const left = timeLeft(work, now);
  return [
    `${count(work.done)}/${count(work.total)}`,
    ...(work.loss === undefined ? [] : [`loss ${fixed(work.loss, 3)}`]),
    ...(perSecond === undefined ? [] : [rate(perSecond, work.unit)]),
    ...(left === undefined || work.done === work.total ? [] : [`${duration(left)} left`]),
  ];
}

function endOf(
  { index, stages, stage, work }: Progress,
  { seconds, skipped, copiedFrom, ledger }: StageEndEvent,
): string {
  const head = `[${index + 1}/${stages}] ${stage}`;
  if (copiedFrom) return `${head}  copied from ${displayPath(copiedFrom)}`;
  if (skipped) return `${head}  already done`;
  if (!ledger) return `${head}  done in ${duration(seconds)}`;
  const { steps, firstLoss, lastLoss } = ledger;
  const used = work?.device ? `, ${deviceUseText(work.device)}` : "";
  const losses = steps > 0 ? `, loss ${fixed(firstLoss, 3)} → ${fixed(lastLoss, 3)}` : "";
  return `${head}  done in ${duration(seconds)}: ${counted(steps, "step")}${losses}${used}`;
}

function headline(result: BenchmarkResult): string {
  const { metrics, unreadable, truncatedPrompts = 0, positions, verification } = result;
  const [first] = Object.entries(metrics);
  const number = first ? `${first[0]} ${percentWithInterval(first[1])} %, ` : "";
  const lost = unreadable > 0 ? `, ${counted(unreadable, "answer")} unreadable` : "";
  const truncated = truncatedPrompts > 0 ? `, ${counted(truncatedPrompts, "prompt")} truncated` : "";
  const { prompts, computed } = positions;
  const shared = computed < prompts ? `, ${count(computed)} of ${counted(prompts, "prompt position")} computed` : "";
  const flips = verification?.flips.length ?? 0;
  const changed =
    flips > 0 ? `, ${count(flips)} of ${counted(verification?.checked ?? 0, "answer")} changed when asked alone` : "";
  return `${number}${questionsAsked(result)}${lost}${truncated}${shared}${changed}`;
}

/**
 * Formats the number of questions, e.g. "500 questions", or "100 of 500 questions" if only the first 100 were asked.
 */
function questionsAsked({ questions, questionsInBenchmark: total = questions }: BenchmarkResult): string {
  return `${questions === total ? "" : `${count(questions)} of `}${counted(total, "question")}`;
}

function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

/** Cuts a string to at most `width` characters. */
export function clipped(text: string, width: number): string {
  return text.length <= width ? text : text.slice(0, Math.max(0, width));
}
