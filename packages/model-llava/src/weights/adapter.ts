import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";
import type { SafetensorsReader } from "@mlan/safetensors";
import { type AdapterConfig, readAdapterConfig } from "./adapter-config.ts";
import { openWeights } from "./open-weights.ts";
import { originalName, renamed } from "./tensor-names.ts";

/** A low-rank update of a weight: `scale` * b [outputs, rank] * a [rank, inputs]. */
export interface LowRankUpdate {
  /** Name of LoRA matrix `A` in the adapter file. */
  readonly a: string;
  readonly b: string;
  readonly scale: number;
}

/** The changes that a PEFT adapter makes to its base model. All names are those of the original LLaVA layout. */
export interface Adapter {
  readonly folder: URL;
  readonly config: AdapterConfig;
  readonly readers: readonly SafetensorsReader[];
  /** Low-rank updates by the name of the updated weight. */
  readonly updates: ReadonlyMap<string, LowRankUpdate & { readonly reader: SafetensorsReader }>;
  /** Tensors that were trained in full and replace those of the base: their readers by tensor name. */
  readonly whole: ReadonlyMap<string, SafetensorsReader>;
}

const WEIGHTS = ["adapter_model.safetensors", "adapter_model.bin"];
/** The file in which LLaVA's LoRA training saves other trained tensors, mainly the projector. */
const TRAINED_BESIDE = "non_lora_trainables.bin";

/**
 * Opens a low-rank adapter from PEFT or from LLaVA's LoRA training. Throws `invalid-checkpoint` for other adapters, and
 * for files that are missing or do not match each other.
 */
export async function openAdapter(folder: URL): Promise<Adapter> {
  const config = await readAdapterConfig(folder);
  const names = await readdir(folder);
  const file = WEIGHTS.find((name) => names.includes(name));
  if (file === undefined) {
    throw invalid(`${pathOf(folder)} holds no ${WEIGHTS.join(" or ")}. Download the adapter's weights too`);
  }
  const files = [file, ...names.filter((name) => name === TRAINED_BESIDE)];
  const readers: SafetensorsReader[] = [];
  try {
    for (const name of files) readers.push(renamed(await openWeights(new URL(name, folder)), adapterName));
    return { folder, config, readers, ...changesOf(readers, config, folder) };
  } catch (error) {
    await Promise.all(readers.map((reader) => reader.close()));
    throw error;
  }
}

/** Returns the original name of an adapter's tensor, without the prefix and suffixes that PEFT adds. */
function adapterName(stored: string): string {
  return originalName(stored.replace(/^base_model\.model\./, ""))
    .replace(".base_layer.", ".")
    .replace(/\.modules_to_save\.(default\.)?/, ".");
}

const LOW_RANK = /^(.+)\.lora_([AB])\.(?:default\.)?weight$/;

function changesOf(
  readers: readonly SafetensorsReader[],
  config: AdapterConfig,
  folder: URL,
): Pick<Adapter, "updates" | "whole"> {
  const updates = new Map<string, LowRankUpdate & { readonly reader: SafetensorsReader }>();
  const whole = new Map<string, SafetensorsReader>();
  for (const reader of readers) {
    for (const [name, { shape }] of reader.entries) {
      const [, module = "", part] = LOW_RANK.exec(name) ?? [];
      if (part === "B") continue;
      if (part === undefined) {
        if (/(^|\.)lora_/.test(name)) {
          throw invalid(
            `${pathOf(folder)} holds "${name}", which is not a low-rank update of a linear map. ` +
              "Merge the adapter into its base in Python with merge_and_unload",
          );
        }
        whole.set(name, reader);
        continue;
      }
      const b = name.replace(".lora_A.", ".lora_B.");
      if (!reader.entries.has(b)) throw invalid(`${pathOf(folder)} holds "${name}" without "${b}". Download it again`);
      const scale = config.scaleOf(storedModule(reader, name, module), shape[0] ?? 0);
      updates.set(`${module}.weight`, { a: name, b, scale, reader });
    }
    for (const name of reader.entries.keys()) {
      const [, module, part] = LOW_RANK.exec(name) ?? [];
      if (part === "B" && !updates.has(`${module}.weight`)) {
        throw invalid(`${pathOf(folder)} holds "${name}" without its lora_A. Download it again`);
      }
    }
  }
  return { updates, whole };
}

/** Returns the name of a module at training time. The patterns in the adapter's configuration refer to this name. */
function storedModule({ entries }: SafetensorsReader, name: string, module: string): string {
  const stored = entries.get(name)?.name.replace(/^base_model\.model\./, "");
  return stored === undefined ? module : (LOW_RANK.exec(stored)?.[1] ?? module);
}

function invalid(problem: string): MlanError {
  return new MlanError("invalid-checkpoint", `model-llava: ${problem}.`);
}
