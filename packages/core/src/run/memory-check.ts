import { totalmem } from "node:os";
import type { Compute } from "../contracts/compute.ts";
import type { MemoryEstimate } from "../contracts/memory.ts";
import { counted, MlanError } from "../errors.ts";
import type { Change, StageNeeds } from "./stage-needs.ts";

export interface MemoryBound {
  /** For this process. Undefined when unknown. */
  readonly limit: number | undefined;
  /** Number of processes that share the memory. Default 1. */
  readonly processes?: number;
  /**
   * The memory of the process without tensors; 0 if a device with its own memory stores the tensors.
   */
  readonly process: number;
  /** See {@link Compute.spareMemory}. Default 0. */
  readonly spare?: number;
}

/**
 * Bytes by which the process grows after the prediction, without tensors: JavaScript's objects, compiled graphs and pages
 * of libraries. Measured with models of 23 million to 1.1 billion parameters: 20 to 40 MB.
 */
const GROWTH = 30e6;

export interface SharedMemory {
  /** In bytes. Default: the memory of this machine, or unknown for a device with its own memory. */
  readonly memory?: number | undefined;
  /** Number of processes that share the memory equally. Default 1. */
  readonly processes?: number | undefined;
  /** The resident memory of the process in bytes. Default: measured now. */
  readonly resident?: number | undefined;
}

/** Returns the memory that a run may use. Throws `invalid-options` for a number of processes below 1. */
export function memoryBound(
  compute: Compute | undefined,
  { memory: given, processes = 1, resident = process.memoryUsage.rss() }: SharedMemory = {},
): MemoryBound {
  if (!Number.isInteger(processes) || processes < 1) {
    throw new MlanError("invalid-options", `processes: ${processes} is not a whole number, 1 or more.`);
  }
  if (compute?.hasOwnMemory) return { limit: given && given / processes, processes, process: 0 };
  return {
    limit: (given ?? machineMemory()) / processes,
    processes,
    process: resident + GROWTH,
    ...(compute?.spareMemory !== undefined && { spare: compute.spareMemory }),
  };
}

/** Returns the machine's memory, or the container's limit if it is smaller. */
function machineMemory(): number {
  // 0 or a huge number means that there is no limit.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/**
 * Adds the memory of the process to an estimate, including what the compute backend reserves beyond the tensors in use.
 */
export function totalMemory({ parts, total, computed = 0 }: MemoryEstimate, bound: MemoryBound): MemoryEstimate {
  const process = bound.process + computed * (bound.spare ?? 0);
  return process === 0 ? { parts, total } : { parts: { ...parts, process }, total: total + process };
}

/**
 * Returns the first few changes with which a stage fits into memory, each with its total memory. Leaves out a change
 * that contains all settings of an earlier one.
 */
export function fittingChanges(changes: readonly Change[], bound: MemoryBound): readonly Change[] {
  const { limit = Infinity } = bound;
  const found: Change[] = [];
  for (const change of changes) {
    const memory = totalMemory(change.memory, bound);
    if (memory.total > limit * (1 - MARGIN)) continue;
    const kinds = kindsOf(change);
    if (found.some((other) => kindsOf(other).every((kind) => kinds.includes(kind)))) continue;
    found.push({ ...change, memory });
    if (found.length === MOST_CHANGES) break;
  }
  return found;
}

/** Share of the memory that suggested settings must leave free, because predictions are not exact. */
const MARGIN = 0.05;
const MOST_CHANGES = 3;

function kindsOf({ settings }: Change): readonly string[] {
  return settings.map((setting) => setting.slice(0, setting.indexOf(":")));
}

/**
 * Throws `unavailable` for a stage that needs more memory than is available. The message suggests settings with which
 * the stage fits.
 */
export function checkMemory(stage: string, needs: StageNeeds, bound: MemoryBound): void {
  const { limit, processes = 1 } = bound;
  const { total } = totalMemory(needs.memory, bound);
  if (limit === undefined || total <= limit) return;
  const found =
    processes === 1
      ? `there are ${gigabytes(limit)} GB.`
      : `each of ${processes} processes has ${gigabytes(limit)} GB: run fewer at once.`;
  throw new MlanError(
    "unavailable",
    `stage "${stage}" needs ${gigabytes(total)} GB of memory at its largest batch (${batchText(needs)}), and ` +
      `${found} ${memoryRemedy(fittingChanges(needs.changes(), bound))} To run it anyway: \`checkMemory: false\` (--no-plan on the command line).`,
  );
}

/** Describes the batch that needs the most memory, e.g. "8 rows of 2,048 positions". */
export function batchText({ training, answering }: Pick<StageNeeds, "training" | "answering">): string {
  const { rows = 0, length = 0, images = 0 } = training?.shape ?? answering?.shape ?? {};
  const seen = images > 0 ? ` with ${counted(images, "image")} in total` : "";
  return `${counted(rows, "row")} of ${length.toLocaleString("en-US")} positions${seen}`;
}

/** Returns sentences that suggest settings with which a stage fits. */
export function memoryRemedy(changes: readonly Change[]): string {
  if (changes.length === 0) {
    return "No smaller batch and no setting of the trainer or the model makes it fit: use a smaller model, or a machine with more memory.";
  }
  const texts = changes.map(({ settings, memory }) => `${settings.join(" and ")} (${gigabytes(memory.total)} GB)`);
  return `It fits with ${texts.join(", or with ")}.`;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 1);
}
