import { totalmem } from "node:os";
import type { Compute } from "../contracts/compute.ts";
import type { MemoryEstimate } from "../contracts/memory.ts";
import { counted, MlanError } from "../errors.ts";
import type { Change, StageNeeds } from "./stage-needs.ts";

/** The memory that a run may use, in bytes. */
export interface MemoryBound {
  /** Undefined when unknown. */
  readonly limit: number | undefined;
  /** What the process uses before the model is loaded; 0 if tensors are in the device's memory. */
  readonly process: number;
}

/**
 * Returns the bound of a machine or device with `given` bytes. Without `given`, returns that of this machine, or an
 * unknown limit for a device with its own memory.
 */
export function memoryBound(compute: Compute | undefined, given?: number): MemoryBound {
  if (compute?.hasOwnMemory) return { limit: given, process: 0 };
  return { limit: given ?? machineMemory(), process: process.memoryUsage.rss() };
}

/** Returns the machine's memory, or less where a container limits it. */
function machineMemory(): number {
  // 0, or a huge number, where nothing limits it.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Returns the estimate plus what the process uses without the model. */
export function totalMemory({ parts, total }: MemoryEstimate, { process }: MemoryBound): MemoryEstimate {
  return process === 0 ? { parts, total } : { parts: { ...parts, process }, total: total + process };
}

/**
 * Returns the first few changes with which a stage fits into memory, each with its total memory. A change that adds
 * settings to one already returned is left out.
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

/** Share of the memory that suggested settings leave free, since the prediction is not exact. */
const MARGIN = 0.05;
const MOST_CHANGES = 3;

function kindsOf({ settings }: Change): readonly string[] {
  return settings.map((setting) => setting.slice(0, setting.indexOf(":")));
}

/** Throws `unavailable` for a stage that needs more memory than there is, naming settings with which it would fit. */
export function checkMemory(stage: string, needs: StageNeeds, bound: MemoryBound): void {
  const { limit } = bound;
  const { total } = totalMemory(needs.memory, bound);
  if (limit === undefined || total <= limit) return;
  throw new MlanError(
    "unavailable",
    `stage "${stage}" needs ${gigabytes(total)} GB of memory at its largest batch (${batchText(needs)}), and there are ` +
      `${gigabytes(limit)} GB. ${memoryRemedy(fittingChanges(needs.changes(), bound))} To run it anyway: \`checkMemory: false\` (--no-plan on the command line).`,
  );
}

/** Describes the batch that needs the most memory, e.g. "8 rows of 2,048 positions". */
export function batchText({ training, answering }: Pick<StageNeeds, "training" | "answering">): string {
  const { rows = 0, length = 0, images = 0 } = training?.shape ?? answering?.shape ?? {};
  const seen = images > 0 ? ` with ${counted(images, "image")} in total` : "";
  return `${counted(rows, "row")} of ${length.toLocaleString("en-US")} positions${seen}`;
}

/** Returns sentences that say with which settings a stage fits. */
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
