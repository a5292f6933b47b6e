import { readFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs-core";
import {
  type Batch,
  type BatchShape,
  type BatchTensors,
  type Compute,
  COMPUTE,
  contentOfFiles,
  type Conversation,
  type ConversationFormat,
  counted,
  type Encoded,
  type Generation,
  type GenerationRequest,
  type LossOptions,
  MlanError,
  MODEL,
  type ModelSource,
  type ModelInspection,
  type Plugin,
  seededRandom,
  type TrainableModel,
  type TrainableModelSource,
  verifyChecksums,
  type Wording,
  writeChecksums,
  writeFileAtomically,
} from "@mlan/core";
import { characters, continuation, logProbability, margins, textOf, VOCABULARY } from "./character-table.ts";
import { type FakeWeight, fakeWeight } from "./fake-weight.ts";
import { WORDINGS } from "./wordings.ts";

const IGNORED = -100;
const FILE = "fake-model.json";
const TUNING_TEMPLATE = "v1";

export interface FakeModelOptions {
  /** The compute backend of the model's tensors. Default: the current backend of TensorFlow.js. */
  readonly compute?: Compute;
  /** A file that counts as the model's weights. A run notices if the file is missing or has changed. */
  readonly weights?: URL;
  /** Whether a run may ask about images. The model only counts them. Default true. */
  readonly readsImages?: boolean;
  /** The check of images before a run. Default: all images pass. */
  readonly checkImage?: NonNullable<ModelInspection["checkImage"]>;
  /** Notices for the user about the model's files. Default: none. */
  readonly notices?: readonly string[];
  /** See {@link ModelInspection.tuningTemplate}. Default "v1". */
  readonly tuningTemplate?: string;
  /** Returns the answer of `generate`. Default: repeats the likeliest character according to the trained weights. */
  readonly answer?: (request: GenerationRequest) => string;
}

/**
 * Creates a real, tiny trainable model: a table of next-character logits, and a `projector` that is never used. It
 * trains on any backend, saves, loads and generates, so that trainers, evaluators and scripts can be tested without
 * weights. An image counts as one position and is never read.
 */
export function fakeModelSource(options: FakeModelOptions = {}): TrainableModelSource {
  return {
    specVersion: 1,
    name: "@mlan/testing/fake-model",
    open: async ({ seed = 0 } = {}) => {
      await options.compute?.open();
      return fakeModel(seed, options);
    },
    inspect: async ({ signal } = {}) => ({
      content: await contentOfFiles(new Map(options.weights && [["weights", options.weights]]), signal),
      parameters: { language: VOCABULARY * VOCABULARY, projector: 6 },
      readsImages: options.readsImages ?? true,
      tuningTemplate: options.tuningTemplate ?? TUNING_TEMPLATE,
      wording: wordingOf,
      encode,
      ...(options.notices && { notices: options.notices }),
      ...(options.checkImage && { checkImage: options.checkImage }),
    }),
  };
}

function wordingOf({ template }: Partial<ConversationFormat> = {}): Wording {
  return WORDINGS[template === "v1" ? "tuned" : "llama2-base"];
}

/** Creates a plugin for `use` that provides the model on the experiment's compute backend, if there is one. */
export function fakeModelPlugin(options: FakeModelOptions = {}): Plugin<ModelSource> {
  return {
    name: "@mlan/testing/fake-model",
    token: MODEL,
    create(scope) {
      const compute = scope.find(COMPUTE);
      return fakeModelSource({ ...(compute && { compute }), ...options });
    },
  };
}

function fakeModel(seed: number, { answer, tuningTemplate = TUNING_TEMPLATE }: FakeModelOptions): TrainableModel {
  const random = seededRandom(seed);
  const values = Float32Array.from({ length: VOCABULARY * VOCABULARY }, () => (random.next() - 0.5) * 0.1);
  const table = fakeWeight("table", "language", tf.tensor2d(values, [VOCABULARY, VOCABULARY]));
  const projector = fakeWeight("projector", "projector", tf.zeros([2, 3]));
  const parameters = [table, projector];
  let learning: readonly FakeWeight[] = [];
  let format: ConversationFormat = { template: "plain", imageAspectRatio: "square", maximumLength: 64 };
  return {
    specVersion: 1,
    name: "@mlan/testing/fake-model",
    fingerprint: "fake-model-1",
    get format() {
      return format;
    },
    get wording() {
      return wordingOf(format);
    },
    get templateFingerprint() {
      return format.template === "plain" ? undefined : `fake ${format.template}`;
    },
    tuningTemplate,
    setFormat(next) {
      format = next;
    },
    encode: (conversation) => encode(conversation, format),
    parameters: () => parameters,
    learn(components) {
      if (learning.length > 0) throw new MlanError("contract", "fake-model: the model is already being trained.");
      learning = parameters.filter(({ component }) => components.includes(component));
      return {
        parameters: learning.map((weight) => weight.learn()),
        end() {
          for (const weight of learning) weight.freeze();
          learning = [];
        },
      };
    },
    collate: async (examples, shape) => collate(examples, shape),
    loss: (tensors, options) => loss(table.tensor, tensors, options),
    trainingFlops: ({ counts }) =>
      VOCABULARY * (2 * counts.text + (learning.includes(table) ? 4 * counts.supervised : 0)),
    async *generate(requests, { details = false, onText } = {}) {
      const logits = await table.finite();
      for (const request of requests) {
        const { maximumNewTokens } = request;
        const prompt = textOf(request.prompt);
        const text = answer?.(request) ?? continuation(logits, prompt, maximumNewTokens);
        const close = details && { tokens: characters(text), margins: margins(logits, prompt, text) };
        onText?.({ id: request.id, text });
        yield { ...generation(request, text), ...close };
      }
    },
    async score(requests) {
      const logits = await table.finite();
      return requests.map(({ id, prompt, continuation: text }) => ({
        id,
        logProbability: logProbability(logits, textOf(prompt), text),
        tokens: text.length,
        length: textOf(prompt).length + text.length,
        computedPositions: textOf(prompt).length + text.length,
      }));
    },
    async save(folder) {
      const [learned, seen] = [await table.finite(), await projector.finite()];
      const saved = { format, table: Array.from(learned), projector: Array.from(seen) };
      await writeFileAtomically(new URL(FILE, folder), JSON.stringify(saved));
      await writeChecksums(folder, { files: [FILE] });
    },
    async load(folder) {
      await verifyChecksums(folder);
      const saved = JSON.parse(await readFile(new URL(FILE, folder), "utf8"));
      format = saved.format;
      tf.tidy(() => {
        table.assign(tf.tensor(saved.table, [VOCABULARY, VOCABULARY]));
        projector.assign(tf.tensor(saved.projector, [2, 3]));
      });
    },
    dispose() {
      for (const weight of parameters) weight.dispose();
    },
  };
}

function encode({ id, turns, images }: Conversation, { maximumLength }: ConversationFormat): Encoded {
  const ids: number[] = [];
  const labels: number[] = [];
  for (const { role, text, supervised = true } of turns) {
    for (const character of characters(text)) {
      ids.push(character);
      labels.push(role === "assistant" && supervised ? character : IGNORED);
    }
  }
  const kept = labels.slice(0, maximumLength);
  const supervised = kept.filter((label, position) => position > 0 && label !== IGNORED).length;
  return {
    id,
    inputIds: Int32Array.from(ids.slice(0, maximumLength)),
    labels: Int32Array.from(kept),
    images,
    length: Math.max(1, kept.length),
    supervised,
    ...(supervised === 0 && { problem: "no assistant text within the maximum length" }),
  };
}

function collate(examples: readonly Encoded[], { rows, length }: BatchShape): Batch {
  if (examples.length > rows || examples.some((example) => example.length > length)) {
    throw new MlanError(
      "contract",
      `fake-model: ${counted(examples.length, "example")} do not fit into ${rows} x ${length}.`,
    );
  }
  const inputs = new Int32Array(rows * length);
  const targets = new Float32Array(rows * length * VOCABULARY);
  const weights = new Float32Array(rows * length);
  let supervised = 0;
  let text = 0;
  examples.forEach(({ inputIds, labels }, row) => {
    text += inputIds.length;
    inputIds.forEach((character, position) => {
      const label = labels[position + 1] ?? IGNORED;
      inputs[row * length + position] = character;
      if (label === IGNORED) return;
      targets[(row * length + position) * VOCABULARY + label] = 1;
      weights[row * length + position] = 1;
      supervised++;
    });
  });
  const tensors = {
    inputs: tf.tensor2d(inputs, [rows, length], "int32"),
    targets: tf.tensor2d(targets, [rows * length, VOCABULARY]),
    weights: tf.tensor1d(weights),
    supervised: tf.scalar(Math.max(1, supervised)),
  };
  return {
    counts: { text, image: 0, padding: rows * length - text, supervised },
    tensors,
    dispose: () => tf.dispose(Object.values(tensors)),
  };
}

function loss(
  table: tf.Tensor,
  { inputs, targets, weights, supervised }: BatchTensors,
  { onRowLosses }: LossOptions = {},
): tf.Scalar {
  if (!inputs || !targets || !weights || !supervised)
    throw new MlanError("contract", "fake-model: this batch was collated by another model.");
  return tf.tidy(() => {
    const logProbabilities = tf.logSoftmax(tf.gather(table, tf.reshape(inputs, [-1])));
    const perPosition = tf.mul(tf.sum(tf.mul(logProbabilities, targets), -1), weights);
    if (onRowLosses) {
      const perRow = tf.sum<tf.Tensor1D>(tf.reshape(perPosition, inputs.shape), 1);
      onRowLosses(tf.keep(tf.neg(tf.div(perRow, supervised))));
    }
    return tf.neg<tf.Scalar>(tf.div(tf.sum(perPosition), supervised));
  });
}

function generation({ id, prompt }: GenerationRequest, text: string): Generation {
  const promptLength = textOf(prompt).length;
  return { id, text, finish: "length", promptLength, computedPositions: promptLength };
}
