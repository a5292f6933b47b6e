import { useOnnxBackend } from "@mlan/backend-onnx";
import { attention, attentionToParts, type KeyValuePart } from "@mlan/fused-ops";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { expectClose, wave } from "./differentiation.ts";

afterEach(async () => void (await tf.setBackend("cpu")));

interface Sizes {
  /** Number of prefixes, and number of consecutive rows that share each. */
  readonly prefixes: number;
  readonly sharing: number;
  readonly keyValueHeads: number;
  readonly group: number;
  /** Number of queries, and of keys after the prefix, per row. */
  readonly length: number;
  readonly prefixLength: number;
}

const DIMENSION = 3;
const HIDDEN = -1e9;
/** All scores at once. */
const WHOLE = Infinity;

interface Inputs {
  readonly query: tf.Tensor4D;
  readonly prefix: KeyValuePart;
  readonly own: KeyValuePart;
}

/** Row r has r keys of padding at the end of its prefix. */
function inputsOf({ prefixes, sharing, keyValueHeads, group, length, prefixLength }: Sizes): Inputs {
  const rows = prefixes * sharing;
  const keys = (count: number, positions: number, phase: number): tf.Tensor4D =>
    wave([count, keyValueHeads, positions, DIMENSION], phase) as tf.Tensor4D;
  const padding = new Float32Array(rows * prefixLength);
  for (let row = 0; row < rows; row++)
    padding.fill(HIDDEN, row * prefixLength + Math.max(1, prefixLength - row), (row + 1) * prefixLength);
  const later = new Float32Array(length ** 2);
  for (let place = 0; place < length; place++) later.fill(HIDDEN, place * length + place + 1, (place + 1) * length);
  return {
    query: wave([rows, keyValueHeads * group, length, DIMENSION], 0) as tf.Tensor4D,
    prefix: {
      key: keys(prefixes, prefixLength, 1),
      value: keys(prefixes, prefixLength, 2),
      mask: tf.tensor(padding, [rows, 1, 1, 1, prefixLength]),
    },
    own: {
      key: keys(rows, length, 3),
      value: keys(rows, length, 4),
      mask: tf.tensor2d(later, [length, length]),
      causal: true,
    },
  };
}

function results(sizes: Sizes, scores: number): number[] {
  const { numTensors } = tf.memory();
  const values = tf.tidy(() => {
    const { query, prefix, own } = inputsOf(sizes);
    return [...attentionToParts(query, [prefix, own], { scores }).dataSync()];
  });
  expect(tf.memory().numTensors).toBe(numTensors);
  return values;
}

/** Returns the attention to one part, in which each row has a copy of its prefix. */
function expected({ prefixes, sharing, length, prefixLength, ...sizes }: Sizes): number[] {
  return tf.tidy(() => {
    const { query, prefix, own } = inputsOf({ prefixes, sharing, length, prefixLength, ...sizes });
    const rows = prefixes * sharing;
    const indices = Array.from({ length: rows }, (_, row) => Math.floor(row / sharing));
    const together = (shared: tf.Tensor4D, ownPart: tf.Tensor4D): tf.Tensor4D =>
      tf.concat([tf.gather(shared, indices), ownPart], 2);
    const shape = [rows, 1, 1, length, prefixLength];
    const masks = [
      tf.broadcastTo(prefix.mask!, shape),
      tf.broadcastTo(tf.reshape(own.mask!, [1, 1, 1, length, length]), [rows, 1, 1, length, length]),
    ];
    const [key, value] = [together(prefix.key, own.key), together(prefix.value, own.value)];
    return [...attention(query, key, value, { mask: tf.concat(masks, 4), scores: WHOLE }).dataSync()];
  });
}

describe("attention to a shared prefix and a row's own keys", () => {
  it("is attention to all of these keys, with any number of scores at a time", async () => {
    await tf.setBackend("cpu");
    const sizes = fc.record({
      prefixes: fc.integer({ min: 1, max: 3 }),
      sharing: fc.integer({ min: 1, max: 4 }),
      keyValueHeads: fc.integer({ min: 1, max: 2 }),
      group: fc.integer({ min: 1, max: 2 }),
      length: fc.integer({ min: 1, max: 100 }),
      prefixLength: fc.integer({ min: 1, max: 20 }),
    });
    const scores = fc.constantFrom(1, 15_000, 40_000, WHOLE);
    fc.assert(
      fc.property(sizes, scores, (given, limit) => expectClose(results(given, limit), expected(given), 1e-6)),
      { numRuns: 10 },
    );
  });

  it("is the same on onnx", async () => {
    const sizes: Sizes = { prefixes: 2, sharing: 6, keyValueHeads: 2, group: 2, length: 150, prefixLength: 40 };
    await tf.setBackend("cpu");
    const whole = expected(sizes);
    await useOnnxBackend({ threads: 2 });
    // Chunks of some heads of a row, of some rows of a prefix, and of several prefixes.
    for (const scores of [1, 200_000, 1_000_000, WHOLE]) expectClose(results(sizes, scores), whole, 1e-6);
  });

  it("never holds more scores than allowed", async () => {
    await tf.setBackend("cpu");
    const sizes: Sizes = { prefixes: 1, sharing: 2, keyValueHeads: 1, group: 1, length: 200, prefixLength: 100 };
    const largestWith = async (scores: number): Promise<number> => {
      const { query, prefix, own } = inputsOf(sizes);
      const { kernels } = await tf.profile(() => tf.tidy(() => [attentionToParts(query, [prefix, own], { scores })]));
      tf.dispose([query, prefix.key, prefix.value, prefix.mask!, own.key, own.value, own.mask!]);
      // A reshape makes nothing; that of the mask is as large as the mask.
      const made = kernels.filter(({ name }) => name !== "Reshape").flatMap(({ outputShapes }) => outputShapes);
      return Math.max(...made.map((shape) => tf.util.sizeFromShape(shape)));
    };
    const all = 2 * 200 * 300;
    expect(await largestWith(WHOLE)).toBe(all);
    expect(await largestWith(all / 8)).toBeLessThanOrEqual(all / 8);
  });
});

it("refuses rows of queries that the rows of a part do not divide", () => {
  const keys = (rows: number): KeyValuePart => ({
    key: tf.zeros([rows, 1, 4, DIMENSION]),
    value: tf.zeros([rows, 1, 4, DIMENSION]),
    causal: rows === 5,
  });
  expect(() => attentionToParts(tf.zeros([5, 1, 4, DIMENSION]), [keys(2), keys(5)], { scores: 8 })).toThrow(
    "5 query rows cannot be divided equally among 2 rows of keys.",
  );
});
