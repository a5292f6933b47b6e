import { compiled } from "@mlan/backend-onnx";
import { attention, rotaryEmbedding } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Generated, Prompt, Setup } from "../worker.ts";
import { constants, decoder, headName, type Constants, type Weights } from "./network.ts";

/** Keys and values of all layers, one after the other: [rows, heads, capacity, dimension] each; zeros to come. */
type Cache = readonly tf.Tensor4D[];

interface Step {
  /** The newest tokens [rows]. */
  readonly tokens: tf.Tensor1D;
  readonly cache: Cache;
}

/** Greedy decoding with a cache of keys and values: one graph for prompts, one for all steps. */
export function generator(
  { configuration }: Setup,
  variables: ReadonlyMap<string, tf.Variable>,
  weights: Weights,
): (prompt: Prompt) => Promise<Generated> {
  const { heads, layers, hiddenSize } = configuration;
  const dimension = hiddenSize / heads;
  const head = weights(headName(configuration)) as tf.Tensor2D;
  const likeliest = (hidden: tf.Tensor2D): tf.Tensor1D => tf.argMax(tf.matMul(hidden, head, false, true), 1);

  const read =
    (fixed: Constants, rows: number, capacity: number) =>
    (tokens: tf.Tensor1D): Step => {
      const length = tokens.size / rows;
      const cache: tf.Tensor4D[] = [];
      const hidden = decoder(configuration, weights, tokens, rows, (query, key, value) => {
        const turned = rotaryEmbedding(key, slicePositions(fixed.key, length));
        for (const part of [turned, value])
          cache.push(
            tf.pad(part, [
              [0, 0],
              [0, 0],
              [0, capacity - length],
              [0, 0],
            ]),
          );
        const mask = tf.slice(fixed.mask, [0, 0], [length, length]);
        return attention(rotaryEmbedding(query, slicePositions(fixed.query, length)), turned, value, mask);
      });
      const last = tf.tensor1d(
        Array.from({ length: rows }, (_, row) => (row + 1) * length - 1),
        "int32",
      );
      return { tokens: likeliest(tf.gather(hidden, last)), cache };
    };

  const step =
    (fixed: Constants, rows: number) =>
    (position: tf.Tensor1D, tokens: tf.Tensor1D, cache: Cache): Step => {
      const [query, key] = [rotationAt(fixed.query, position), rotationAt(fixed.key, position)];
      const mask = tf.gather(fixed.mask, position);
      const places = tf.concat([fixed.rowsAndHeads, tf.tile(tf.expandDims(position, 0), [rows * heads, 1])], 1);
      const write = (part: tf.Tensor4D, added: tf.Tensor4D): tf.Tensor4D =>
        tf.tensorScatterUpdate(part, places, tf.reshape(added, [rows * heads, dimension])) as tf.Tensor4D;
      const updated: tf.Tensor4D[] = [];
      const hidden = decoder(configuration, weights, tokens, rows, (queries, keys, values) => {
        const [oldKeys, oldValues] = cache.slice(updated.length, updated.length + 2);
        if (!oldKeys || !oldValues) throw new Error(`the cache has no layer ${updated.length / 2} of ${layers}`);
        const [allKeys, allValues] = [write(oldKeys, rotaryEmbedding(keys, key)), write(oldValues, values)];
        updated.push(allKeys, allValues);
        return attention(rotaryEmbedding(queries, query), allKeys, allValues, mask);
      });
      return { tokens: likeliest(hidden), cache: updated };
    };

  // Packed for the steps, which have few rows; a prompt has many, and gains nothing.
  const frozen = [...variables.values()];
  const graphs = new Map<string, ReturnType<typeof prepare>>();
  const prepare = (rows: number, capacity: number) => {
    const fixed = constants({ ...configuration, rows, length: capacity });
    return { read: compiled(read(fixed, rows, capacity)), step: compiled(step(fixed, rows), { frozen }) };
  };

  return async ({ tokens, rows, newTokens }) => {
    const capacity = tokens.length / rows + newTokens;
    const key = `${rows}/${capacity}`;
    const { read, step } = graphs.get(key) ?? prepare(rows, capacity);
    graphs.set(key, { read, step });
    const start = performance.now();
    const prompt = tf.tensor1d([...tokens], "int32");
    let state = read(prompt);
    const answers = [await state.tokens.data()];
    for (let position = tokens.length / rows; answers.length < newTokens; position++) {
      const place = tf.tensor1d([position], "int32");
      const next = step(place, state.tokens, state.cache);
      tf.dispose([place, state.tokens, ...state.cache]);
      state = next;
      answers.push(await state.tokens.data());
    }
    tf.dispose([prompt, state.tokens, ...state.cache]);
    const milliseconds = performance.now() - start;
    return {
      milliseconds,
      tokens: Array.from({ length: rows }, (_, row) => answers.map((step) => step[row] ?? -1)).flat(),
    };
  };
}

function slicePositions({ cosine, sine }: Constants["key"], length: number): Constants["key"] {
  const first = (table: tf.Tensor): tf.Tensor => tf.slice(table, [0, 0], [length, -1]);
  return { cosine: first(cosine), sine: first(sine) };
}

function rotationAt({ cosine, sine }: Constants["key"], position: tf.Tensor1D): Constants["key"] {
  return { cosine: tf.gather(cosine, position), sine: tf.gather(sine, position) };
}
