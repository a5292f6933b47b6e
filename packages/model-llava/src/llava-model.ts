import {
  type Component,
  type Compute,
  type ConversationFormat,
  MlanError,
  toFolderUrl,
  type TrainableModel,
  type Wording,
} from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { modulesOf, newAdapter } from "./adapter/new-adapter.ts";
import { checkSameAdapter, kindOf } from "./adapter/same-adapter.ts";
import type { Architecture } from "./architectures/architecture.ts";
import { generate } from "./answer/generate.ts";
import type { PromptReader } from "./answer/prompt-reader.ts";
import { score } from "./answer/score.ts";
import { lossInputs } from "./batch/batch-tensors.ts";
import { collate, sizeOf } from "./batch/collate.ts";
import type { LoadPixels } from "./batch/input-tensors.ts";
import { loadCheckpoint } from "./checkpoint/load-checkpoint.ts";
import type { CheckpointVision } from "./checkpoint/open-checkpoint.ts";
import { checkLength } from "./config/format-config.ts";
import { encodeConversation } from "./encode-conversation.ts";
import { fingerprintNow } from "./fingerprint.ts";
import { preprocessImage } from "./images/preprocess-image.ts";
import { answerFunctions } from "./network/answer-functions.ts";
import { crossEntropy, disposeNetwork, type LlavaNetwork, positionsPerImage } from "./network/llava-network.ts";
import { trainingFlops } from "./network/training-flops.ts";
import type { Base } from "./saving/base-file.ts";
import type { CarriedFiles } from "./saving/carried-files.ts";
import type { SaveOptions } from "./saving/save-options.ts";
import { writeCheckpoint } from "./saving/write-checkpoint.ts";
import type { Template } from "./templates/template.ts";
import { templateByName, wordingOf } from "./templates/template-by-name.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import { learn, learningComponents } from "./weights/learning.ts";
import { isQuantisedFormat, type WeightFormat } from "./weights/weight-format.ts";

/** A LLaVA model; without a vision tower it is its backbone alone, which reads text only. */
export interface LlavaModel extends TrainableModel {
  save(folder: URL, options?: SaveOptions): Promise<void>;
}

export interface LlavaModelParts {
  readonly name: string;
  readonly architecture: Architecture;
  /** By which answers are computed. */
  readonly compute: Compute;
  readonly network: LlavaNetwork;
  readonly tokenizer: Tokenizer;
  /** All that it may be trained and asked in. */
  readonly templates: readonly Template[];
  /** Kept in every checkpoint. */
  readonly carried: CarriedFiles;
  readonly vision: CheckpointVision | undefined;
  /** Tokens by which answers end besides those of tokenizer and template. */
  readonly endTokenIds: readonly number[];
  readonly format: ConversationFormat;
  /** How the decoder's matrices are kept. Default "float32". */
  readonly weightFormat?: WeightFormat | undefined;
  /** The folders that it was opened from. */
  readonly base: Base;
  /** The components that differ from what those hold. */
  readonly changed: readonly Component[];
  /** How benchmarks ask the model while its weights have seen no conversation, only template "plain". */
  readonly untunedWording: Wording;
}

export function llavaModel(parts: LlavaModelParts): LlavaModel {
  const { name, architecture, network, tokenizer, vision } = parts;
  const { templates } = parts;
  const functions = answerFunctions(network, parts.compute);
  let { format } = parts;
  let changed: ReadonlySet<Component> = new Set(parts.changed);
  let template = templateByName(templates, format.template);
  const setFormat = (next: ConversationFormat): void => {
    checkLength(next, network.decoder.config);
    template = templateByName(templates, next.template);
    format = next;
  };
  const reader = (): PromptReader => ({
    network,
    functions,
    tokenizer,
    template,
    endTokenIds: parts.endTokenIds,
    loadPixels: pixelLoader(vision, format),
    maximumLength: format.maximumLength,
    pixelSettings: [vision?.processor ?? null, format.imageAspectRatio],
  });
  return {
    specVersion: 1,
    name,
    get fingerprint() {
      return fingerprintOf(parts, format, template);
    },
    get format() {
      return format;
    },
    get wording() {
      return wordingOf(template.name, parts.untunedWording);
    },
    maximumPositions: network.decoder.config.maximumPositions,
    setFormat,
    encode: (conversation, encodeOptions) => {
      const { maximumLength } = format;
      return encodeConversation(conversation, {
        tokenizer,
        template,
        maximumLength,
        positionsPerImage: positionsPerImage(network),
        ...encodeOptions,
      });
    },
    generate: (requests, options) => generate(reader(), requests, options),
    score: (requests, options) => score(reader(), requests, options),
    adapt(adapter, { seed }) {
      const { adaptable, slot } = network;
      const has = slot.adapter;
      if (has) {
        checkSameAdapter(kindOf(has), { modules: modulesOf(adaptable, adapter), dropout: adapter.dropout });
        return;
      }
      const made = newAdapter(adaptable, adapter, { seed, slot });
      functions.dispose();
      slot.put(made);
      changed = new Set([...changed, "adapter"]);
    },
    parameters: () => network.weights,
    learn: (components) => {
      // What is recorded holds the weights as they are, not as what they become.
      functions.dispose();
      const { parameters, end } = learn(network.weights, components);
      changed = new Set([...changed, ...components]);
      return {
        parameters,
        end() {
          functions.dispose();
          end();
        },
      };
    },
    collate: (examples, shape, { seed } = {}) =>
      collate(network, examples, shape, { loadPixels: pixelLoader(vision, format), seed }),
    loss: (tensors, options) =>
      tf.tidy(() => {
        const { inputs, selected } = lossInputs(tensors);
        return crossEntropy(network, inputs, selected, options);
      }),
    trainingFlops: (batch, options) =>
      trainingFlops(network, sizeOf(batch), learningComponents(network.weights), options),
    save: (folder, options) => {
      const { decoder, weights, slot } = network;
      const content = { ...parts, language: decoder.config, weights, adapter: slot.adapter, format, changed };
      return writeCheckpoint(toFolderUrl(folder), content, options);
    },
    async load(folder) {
      functions.dispose();
      const loaded = await loadCheckpoint(toFolderUrl(folder), {
        architecture,
        network,
        base: parts.base,
        changed,
        weightFormat: parts.weightFormat,
      });
      changed = loaded.changed;
      setFormat(loaded.format);
    },
    dispose() {
      functions.dispose();
      disposeNetwork(network);
    },
  };
}

function pixelLoader(vision: CheckpointVision | undefined, { imageAspectRatio }: ConversationFormat): LoadPixels {
  return async (image) => {
    if (!vision)
      throw new MlanError(
        "invalid-options",
        `model-llava: image "${image.name}" cannot be seen without a vision tower.`,
      );
    return preprocessImage(await image.read(), {
      processor: vision.processor,
      aspectRatio: imageAspectRatio,
      name: image.name,
      ...(image.orientation && { orientation: image.orientation }),
    });
  };
}

/** Of everything that makes an answer but the weights' values. */
function fingerprintOf(
  { architecture, network, tokenizer, vision, endTokenIds, weightFormat }: LlavaModelParts,
  format: ConversationFormat,
  template: Template,
): string {
  const others = endTokenIds.filter((id) => id !== tokenizer.endOfSequenceId);
  const sees = vision && [vision.config, vision.selectLayer, vision.processor];
  return fingerprintNow([
    architecture.name,
    network.decoder.config,
    sees ?? null,
    tokenizer.fingerprint,
    template.fingerprint,
    format,
    ...(others.length > 0 ? [others] : []),
    ...(isQuantisedFormat(weightFormat) ? [weightFormat] : []),
  ]);
}
