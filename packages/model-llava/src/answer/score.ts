import { type GenerationOptions, MlanError, type RawPrompt, type Score, type ScoreRequest } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { disposeInputTensors, inputTensors } from "../batch/input-tensors.ts";
import { disposeSelection, selection, shiftedTargets } from "../batch/selection.ts";
import { lengthBucket, powerOfTwo } from "../batch/shape-buckets.ts";
import { splice } from "../batch/splice.ts";
import { encodePrompt } from "../encode-prompt.ts";
import { positionsPerImage, selectedLogProbabilities } from "../network/llava-network.ts";
import { IGNORE_INDEX } from "../tokens.ts";
import {
  batchesOf,
  checkBatchSize,
  DEFAULT_BATCH_SIZE,
  type PromptReader,
  type ReadPrompt,
  readPrompt,
  renderRequest,
} from "./prompt-reader.ts";

/**
 * Summed log-probabilities of continuations. Prompt and continuation are encoded as one text, since their border
 * may lie within a token; the continuation's tokens are those after what this has in common with the prompt alone.
 */
export async function score(
  reader: PromptReader,
  requests: readonly ScoreRequest[],
  { batchSize = DEFAULT_BATCH_SIZE, signal }: GenerationOptions = {},
): Promise<readonly Score[]> {
  const items = requests.map((request) => readContinuation(reader, request));
  const scores = new Map<Item, Score>();
  for (const batch of batchesOf(items, checkBatchSize(batchSize))) {
    signal?.throwIfAborted();
    const sums = await scoreBatch(reader, batch, Math.min(batchSize, powerOfTwo(batch.length)));
    for (const [row, item] of batch.entries()) {
      scores.set(item, { id: item.prompt.id, logProbability: sums[row] ?? 0, tokens: item.tokens });
    }
  }
  return items.flatMap((item) => scores.get(item) ?? []);
}

interface Item {
  /** The prompt with its continuation. */
  readonly prompt: ReadPrompt;
  /** The last ones, which are scored. */
  readonly tokens: number;
}

function readContinuation(reader: PromptReader, request: ScoreRequest): Item {
  const before = renderRequest(reader, request);
  const whole: RawPrompt = { ...before, text: before.text + request.continuation };
  const prompt = readPrompt(reader, whole, request, reader.network.decoder.config.maximumPositions);
  const prefix = encodePrompt(before, reader.tokenizer, request);
  const ids = encodePrompt(whole, reader.tokenizer, request);
  const different = ids.findIndex((id, index) => id !== prefix[index]);
  const tokens = different < 0 ? 0 : ids.length - different;
  if (tokens > 0 && tokens < prompt.inputIds.length) return { prompt, tokens };
  throw new MlanError(
    "invalid-data",
    `model-llava: "${request.id}" cannot be scored: its continuation ${JSON.stringify(request.continuation)} has ${tokens} tokens ` +
      `of ${prompt.inputIds.length}. It needs at least one, and one before it.`,
  );
}

async function scoreBatch(reader: PromptReader, batch: readonly Item[], rows: number): Promise<readonly number[]> {
  const { network, loadPixels } = reader;
  const length = Math.min(
    lengthBucket(Math.max(...batch.map(({ prompt }) => prompt.length))),
    network.decoder.config.maximumPositions,
  );
  const examples = batch.map(({ prompt, tokens }) => {
    const first = prompt.inputIds.length - tokens;
    return { ...prompt, labels: prompt.inputIds.map((id, index) => (index < first ? IGNORE_INDEX : id)) };
  });
  const spliced = splice(examples, { rows, length, patches: positionsPerImage(network) });
  const targets = shiftedTargets(spliced.labels, length);
  const inputs = await inputTensors(spliced, network.vision?.tower.config, loadPixels);
  const selected = selection(targets, rows * length);
  const logProbabilities = tf.tidy(() => selectedLogProbabilities(network, inputs, selected));
  const values = await logProbabilities.data();
  logProbabilities.dispose();
  disposeSelection(selected);
  disposeInputTensors(inputs);
  const sums = batch.map(() => 0);
  for (const [index, { position }] of targets.entries()) {
    const row = Math.floor(position / length);
    sums[row] = (sums[row] ?? 0) + (values[index] ?? NaN);
  }
  return sums;
}
