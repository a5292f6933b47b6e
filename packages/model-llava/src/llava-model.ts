import {
  type Component,
  type Compute,
  type ConversationFormat,
  MlanError,
  type Score,
  type ScoreRequest,
  toFolderUrl,
  type TrainableModel,
  type Wording,
} from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { byAdapter, namedFunctions } from "./adapter/named-adapters.ts";
import type { NetworkAdapter } from "./adapter/network-adapter.ts";
import { modulesOf, newAdapter } from "./adapter/new-adapter.ts";
import { checkSameAdapter, kindOf } from "./adapter/same-adapter.ts";
import type { Architecture } from "./architectures/architecture.ts";
import { generate } from "./answer/generate.ts";
import type { InferenceModel } from "./answer/tokenize-prompt.ts";
import { score } from "./answer/score.ts";
import { lossInputs } from "./batch/batch-tensors.ts";
import { collate, sizeOf } from "./batch/collate.ts";
import type { LoadPixels } from "./batch/input-tensors.ts";
import { loadCheckpoint } from "./checkpoint/load-checkpoint.ts";
import type { CheckpointVision } from "./checkpoint/open-checkpoint.ts";
import { checkLength } from "./config/format-config.ts";
import { encodeConversation } from "./encode-conversation.ts";
import { fingerprintNow } from "./fingerprint.ts";
import { pixelSettings, preprocessImage } from "./images/preprocess-image.ts";
import { crossEntropy, disposeNetwork, type LlavaNetwork, positionsPerImage } from "./network/llava-network.ts";
import { trainingFlops } from "./network/training-flops.ts";
import type { Base } from "./saving/base-file.ts";
import type { CopiedFiles } from "./saving/copied-files.ts";
import type { SaveOptions } from "./saving/save-options.ts";
import { writeCheckpoint } from "./saving/write-checkpoint.ts";
import type { Template } from "./templates/template.ts";
import { templateFingerprint } from "./templates/template-fingerprint.ts";
import { templateByName, tuningTemplateOf, wordingOf } from "./templates/template-by-name.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import { learn, trainedComponents } from "./weights/learning.ts";
import { isQuantizedFormat, type WeightFormat } from "./weights/weight-format.ts";

/** A LLaVA model, or a backbone without a vision tower, which reads text only. */
export interface LlavaModel extends TrainableModel {
  save(folder: URL, options?: SaveOptions): Promise<void>;
}

export interface LlavaModelParts {
  readonly name: string;
  readonly architecture: Architecture;
  readonly compute: Compute;
  readonly network: LlavaNetwork;
  readonly tokenizer: Tokenizer;
  /** The templates for training and prompts. */
  readonly templates: readonly Template[];
  /** Files to copy into every saved checkpoint. */
  readonly copied: CopiedFiles;
  readonly vision: CheckpointVision | undefined;
  /** Ids of further tokens that end an answer, beside those of tokenizer and template. */
  readonly endTokenIds: readonly number[];
  readonly format: ConversationFormat;
  /** Default "float32". */
  readonly weightFormat?: WeightFormat | undefined;
  /** The folders from which the model was opened. */
  readonly base: Base;
  /** The adapters that requests can choose, by name. */
  readonly adapters: ReadonlyMap<string, NetworkAdapter>;
  /** The components that differ from the base. */
  readonly changed: readonly Component[];
  /** The wording of benchmarks while the template is "plain". */
  readonly untunedWording: Wording;
}

export function llavaModel(parts: LlavaModelParts): LlavaModel {
  const { name, architecture, network, tokenizer, vision } = parts;
  const { templates } = parts;
  const functions = namedFunctions(network, parts.compute, parts.adapters);
  let { format } = parts;
  let changed: ReadonlySet<Component> = new Set(parts.changed);
  let template = templateByName(templates, format.template);
  const setFormat = (next: ConversationFormat): void => {
    checkLength(next, network.decoder.config);
    template = templateByName(templates, next.template);
    format = next;
  };
  const inference = (adapter?: string): InferenceModel => ({
    network,
    functions: functions.of(adapter),
    tokenizer,
    template,
    endTokenIds: parts.endTokenIds,
    loadPixels: pixelLoader(vision, format),
    maximumLength: format.maximumLength,
    pixelSettings: vision && pixelSettings({ processor: vision.processor, aspectRatio: format.imageAspectRatio }),
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
    get templateFingerprint() {
      return templateFingerprint(template, tokenizer);
    },
    tuningTemplate: tuningTemplateOf(parts.format.template, architecture),
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
    adapters: functions.names,
    async *generate(requests, options) {
      const groups = [...byAdapter(requests)].map(([adapter, some]) => [inference(adapter), some] as const);
      for (const [model, some] of groups) yield* generate(model, some, options);
    },
    async score(requests, options) {
      const groups = [...byAdapter(requests)].map(([adapter, some]) => [inference(adapter), some] as const);
      const scores = new Map<ScoreRequest, Score>();
      for (const [model, some] of groups)
        for (const [index, one] of (await score(model, some, options)).entries()) {
          const request = some[index];
          if (request) scores.set(request, one);
        }
      return requests.flatMap((request) => scores.get(request) ?? []);
    },
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
      // Recordings refer to tensors that are about to be replaced.
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
        network.slot.select();
        const { inputs, selected } = lossInputs(tensors);
        return crossEntropy(network, inputs, selected, options);
      }),
    trainingFlops(batch, options) {
      network.slot.select();
      return trainingFlops(network, sizeOf(batch), trainedComponents(network.weights), options);
    },
    save: (folder, options) => {
      const { decoder, weights, slot } = network;
      const content = { ...parts, language: decoder.config, weights, adapter: slot.adapter, format, changed };
      const fingerprint = templateFingerprint(template, tokenizer);
      return writeCheckpoint(toFolderUrl(folder), { ...content, templateFingerprint: fingerprint }, options);
    },
    async load(folder) {
      functions.dispose();
      const loaded = await loadCheckpoint(toFolderUrl(folder), {
        architecture,
        network,
        fingerprintOf: (name) => templateFingerprint(templateByName(templates, name), tokenizer),
        base: parts.base,
        changed,
        weightFormat: parts.weightFormat,
      });
      changed = loaded.changed;
      setFormat(loaded.format);
    },
    dispose() {
      functions.dispose();
      for (const adapter of parts.adapters.values()) adapter.dispose();
      disposeNetwork(network);
    },
  };
}

function pixelLoader(vision: CheckpointVision | undefined, { imageAspectRatio }: ConversationFormat): LoadPixels {
  return async (image) => {
    if (!vision)
      throw new MlanError(
        "invalid-options",
        `model-llava: image "${image.name}" cannot be read without a vision tower.`,
      );
    return preprocessImage(await image.read(), {
      processor: vision.processor,
      aspectRatio: imageAspectRatio,
      name: image.name,
      ...(image.orientation && { orientation: image.orientation }),
    });
  };
}

/** Returns a fingerprint of everything that affects answers, except the values of the weights. */
function fingerprintOf(
  { architecture, network, tokenizer, vision, endTokenIds, weightFormat }: LlavaModelParts,
  { imageAspectRatio, maximumLength }: ConversationFormat,
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
    // The order of keys affects the fingerprint.
    { template: template.name, imageAspectRatio, maximumLength },
    ...(others.length > 0 ? [others] : []),
    ...(isQuantizedFormat(weightFormat) ? [weightFormat] : []),
  ]);
}
