import type { AdapterOptions } from "../contracts/adapter.ts";
import type { ModelMemory, TrainingShape } from "../contracts/memory.ts";
import type { LongestRows } from "./plan-training.ts";
import type { Change } from "./stage-needs.ts";

export interface TrainingChangesOptions {
  readonly shape: TrainingShape;
  readonly batchSize: number;
  readonly memory: ModelMemory;
  readonly longest: LongestRows;
}

/** Another value of a setting: how a user writes it, and the resulting shape. */
interface Choice {
  readonly setting: string;
  apply(shape: TrainingShape): TrainingShape;
}

/**
 * Returns what a training step needs with other settings, starting with the fewest changes. Tries all combinations of
 * smaller micro-batches, gradient checkpointing, moments with fewer bits, an adapter in place of the language model, and
 * smaller formats for frozen weights.
 */
export function trainingChanges(options: TrainingChangesOptions): readonly Change[] {
  const { memory, shape } = options;
  const groups = [microBatches(options), checkpointing(shape), moments(shape), adapters(shape), formats(options)];
  let combinations: readonly Combination[] = [{ choices: [], order: 0 }];
  for (const [place, group] of groups.entries()) {
    combinations = combinations.flatMap(({ choices, order }) => [
      { choices, order },
      ...group.map((choice, index) => ({ choices: [...choices, choice], order: order + 10 ** place + index })),
    ]);
  }
  return combinations
    .filter(({ choices }) => choices.length > 0)
    .toSorted((left, right) => left.choices.length - right.choices.length || left.order - right.order)
    .flatMap(({ choices }): readonly Change[] => {
      const changed = choices.reduce((made, choice) => choice.apply(made), shape);
      if (!isPossible(changed, memory)) return [];
      return [{ settings: choices.map(({ setting }) => setting), memory: memory.training(changed) }];
    });
}

interface Combination {
  readonly choices: readonly Choice[];
  /** Rank of the choice among suggestions. It is lower for choices that change the training less. */
  readonly order: number;
}

/** Whether the weight format suits the trained components. A component that is trained as a whole must be float32. */
function isPossible({ trained, weightFormat }: TrainingShape, { weightFormats }: ModelMemory): boolean {
  return !trained.includes("language") || weightFormat === weightFormats[0];
}

function microBatches({ shape, batchSize, longest }: TrainingChangesOptions): readonly Choice[] {
  const smaller = [Math.floor(shape.rows / 2), 1].filter((rows) => rows > 0 && rows < shape.rows);
  return [...new Set(smaller)]
    .filter((rows) => batchSize % rows === 0)
    .map((rows) => ({
      setting: `microBatchSize: ${rows}`,
      apply: (before) => ({
        ...before,
        rows,
        images: rows * longest.images,
        supervised: Math.max(1, rows * longest.supervised),
        microBatches: batchSize / rows,
      }),
    }));
}

function checkpointing({ gradientCheckpointing }: TrainingShape): readonly Choice[] {
  if (gradientCheckpointing) return [];
  return [{ setting: "gradientCheckpointing: true", apply: (before) => ({ ...before, gradientCheckpointing: true }) }];
}

const MOMENTS: readonly TrainingShape["momentPrecision"][] = ["float32", "bfloat16", "int8"];

function moments({ momentPrecision }: TrainingShape): readonly Choice[] {
  return MOMENTS.slice(MOMENTS.indexOf(momentPrecision) + 1).map((precision) => ({
    setting: `momentPrecision: "${precision}"`,
    apply: (before) => ({ ...before, momentPrecision: precision }),
  }));
}

function adapters({ trained }: TrainingShape): readonly Choice[] {
  if (!trained.includes("language")) return [];
  return [
    {
      setting: `adapter: lora({ rank: ${RANK} })`,
      apply: (before) => ({
        ...before,
        adapter: ADAPTER,
        trained: ["adapter", ...before.trained.filter((component) => component !== "language")],
      }),
    },
  ];
}

/** Rank of a suggested adapter: half of the rank in LLaVA's `finetune_lora.sh`, as is common on smaller machines. */
const RANK = 64;
const ADAPTER: AdapterOptions = { rank: RANK, alpha: 2 * RANK, dropout: 0.05, rankStabilized: false };

function formats({ shape, memory: { weightFormats } }: TrainingChangesOptions): readonly Choice[] {
  return weightFormats.slice(weightFormats.indexOf(shape.weightFormat) + 1).map((weightFormat) => ({
    setting: `weightFormat: "${weightFormat}"`,
    apply: (before) => ({ ...before, weightFormat }),
  }));
}
