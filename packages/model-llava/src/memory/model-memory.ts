import type { AdapterOptions, MemoryEstimate, ModelMemory } from "@mlan/core";
import type { ModuleSizes } from "../adapter/adapter-modules.ts";
import { modulesOf } from "../adapter/new-adapter.ts";
import { DEFAULT_BATCH_SIZE } from "../answer/tokenize-prompt.ts";
import { declareNetwork, type NetworkSizes } from "../network/llava-network.ts";
import type { Weight } from "../weights/weight.ts";
import { quantizedBytesToWrite } from "../weights/keep-matrices.ts";
import { weightFormat as formats, type WeightFormat } from "../weights/weight-format.ts";
import { weightList } from "../weights/weight-list.ts";
import type { WeightPlan } from "../weights/weight-plan.ts";
import { predictAnsweringMemory } from "./predict-answering-memory.ts";
import { predictTrainingMemory } from "./predict-training-memory.ts";

export interface ModelMemoryOptions {
  readonly sizes: NetworkSizes;
  readonly plan: WeightPlan;
  readonly weightFormat: WeightFormat;
  readonly promptLength: ModelMemory["promptLength"];
}

/** Predicts the memory of a model from the weights in its files. */
export async function modelMemory(options: ModelMemoryOptions): Promise<ModelMemory> {
  const { sizes, plan, weightFormat, promptLength } = options;
  const fileBytes = await quantizedBytesToWrite(plan, weightFormat);
  const halves = new Set(plan.stored.flatMap((planned) => (hasHalf(planned) ? [planned.weight.name] : [])));
  const isHalf = ({ name }: Weight): boolean => halves.has(name);
  const { architecture, language, vision } = sizes;
  return {
    weightFormat,
    weightFormats: halves.size > 0 ? FORMATS : FORMATS.filter((format) => format !== "stored"),
    batchSize: DEFAULT_BATCH_SIZE,
    fileBytes,
    promptLength,
    training({ weightFormat: format, ...shape }) {
      const predicted = predictTrainingMemory({
        architecture,
        language,
        ...(vision && { vision: vision.config }),
        ...shape,
        weightFormat: formats.parse(format),
        hasHalf: isHalf,
      });
      const { total, at: _, ...parts } = predicted;
      const { activations, logits, working } = parts;
      return estimate(parts, total, activations + logits + working);
    },
    answering({ weightFormat: format, adapter, ...shape }) {
      const { total, ...parts } = predictAnsweringMemory({
        ...sizes,
        ...shape,
        modules: adapter ? modulesFor(adapter, sizes) : (plan.kept?.modules ?? []),
        weightFormat: formats.parse(format),
        hasHalf: isHalf,
      });
      const { cache, logits, working } = parts;
      return estimate(parts, total, cache + logits + working);
    },
  };
}

/** One format per number of bits, in descending order. */
const FORMATS: readonly WeightFormat[] = ["float32", "stored", "int8", "int4"];

function hasHalf({ reader, name, update }: WeightPlan["stored"][number]): boolean {
  const { dtype } = reader.entries.get(name) ?? {};
  return !update && (dtype === "BF16" || dtype === "F16");
}

function modulesFor(adapter: AdapterOptions, sizes: NetworkSizes): readonly ModuleSizes[] {
  const list = weightList();
  const { decoder } = declareNetwork(sizes, list);
  return modulesOf({ linears: list.linears, head: decoder.head }, adapter);
}

function estimate(parts: Readonly<Record<string, number>>, total: number, computed: number): MemoryEstimate {
  return { parts: Object.fromEntries(Object.entries(parts).filter(([, bytes]) => bytes > 0)), total, computed };
}
