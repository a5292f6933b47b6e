import { readFile } from "node:fs/promises";
import { MlanError, type ModelSource, type OpenModelOptions, type PromptFamily, pathOf } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Checkpoint, type CheckpointFolders, openCheckpoint } from "./checkpoint/open-checkpoint.ts";
import { type LlavaModel, llavaModel } from "./llava-model.ts";
import { disposeNetwork, llavaNetwork } from "./network/llava-network.ts";
import { loadTokenizer, TOKENIZER_FILES } from "./tokenizer/load-tokenizer.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import { loadWeights } from "./weights/load-weights.ts";
import { planWeights } from "./weights/weight-plan.ts";

export interface LlavaSourceOptions extends CheckpointFolders {
  readonly name: string;
  /** How benchmarks ask the model while its weights have seen no conversation. */
  readonly untunedFamily: PromptFamily;
}

/** A model source that opens as a {@link LlavaModel}. */
export interface LlavaSource extends ModelSource {
  open(options?: OpenModelOptions): Promise<LlavaModel>;
}

/**
 * A source of a Llama or LLaVA checkpoint. `open` gives a Llama a vision tower and a fresh projector where
 * `visionTower` is given; without one it reads text only.
 */
export function createLlavaSource({ name, untunedFamily, ...folders }: LlavaSourceOptions): LlavaSource {
  return {
    specVersion: 1,
    name,
    async open(options = {}) {
      await readyBackend();
      const weights = asFolder(folders.weights);
      const visionTower = folders.visionTower && asFolder(folders.visionTower);
      const checkpoint = await openCheckpoint({ weights, visionTower });
      try {
        return await openModel({ name, untunedFamily, weights }, checkpoint, options);
      } finally {
        await checkpoint.close();
      }
    },
  };
}

type ModelIdentity = Pick<LlavaSourceOptions, "name" | "untunedFamily" | "weights">;

async function openModel(
  { name, untunedFamily, weights }: ModelIdentity,
  checkpoint: Checkpoint,
  { seed = 0, signal }: OpenModelOptions,
): Promise<LlavaModel> {
  const { config, vision, format } = checkpoint;
  const tokenizer = await loadTokenizer(weights);
  checkVocabulary(tokenizer, checkpoint, weights);
  const tokenizerFiles = await readTokenizerFiles(weights);
  const network = llavaNetwork(checkpoint.language, vision);
  try {
    await loadWeights(planWeights(network.parameters.parameters, checkpoint.weights), { seed, signal });
    return llavaModel({ name, untunedFamily, network, tokenizer, tokenizerFiles, config, vision, format });
  } catch (error) {
    disposeNetwork(network);
    throw error;
  }
}

/** Takes the backend that is set, else the best of those that plugins have registered. */
async function readyBackend(): Promise<void> {
  try {
    await tf.ready();
  } catch (cause) {
    throw new MlanError(
      "missing-plugin",
      "model-llava: TensorFlow.js has no backend. Put a trainer such as cpuTrainer() in `use`, or await useOnnxBackend() first.",
      { cause },
    );
  }
}

function checkVocabulary({ vocabularySize }: Tokenizer, { language }: Checkpoint, weights: URL): void {
  if (vocabularySize <= language.vocabularySize) return;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: the tokenizer in ${pathOf(weights)} has ids up to ${vocabularySize - 1}, config.json has a vocabulary of ` +
      `${language.vocabularySize}. Take both from the same model.`,
  );
}

async function readTokenizerFiles(folder: URL): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of TOKENIZER_FILES) {
    const bytes = await readFile(new URL(name, folder)).catch(() => undefined);
    if (bytes) files.set(name, bytes);
  }
  return files;
}

function asFolder(url: URL): URL {
  return url.href.endsWith("/") ? url : new URL(`${url.href}/`);
}
