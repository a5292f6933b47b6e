import { compiled, useOnnxBackend } from "@mlan/backend-onnx";
import { registerGradients, rmsNorm, sumOverBlocks, tokenLogProbabilities, valueAndGradients } from "@mlan/fused-ops";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it } from "vitest";
import { expectClose, wave } from "./differentiation.ts";

registerGradients();
afterEach(async () => void (await tf.setBackend("cpu")));

const [ROWS, WIDTH, VOCABULARY] = [23, 4, 50];
const targets = Int32Array.from({ length: ROWS }, (_, row) => (7 * row) % VOCABULARY);

interface Parts {
  readonly hidden: tf.Tensor2D;
  readonly norm: tf.Tensor1D;
  readonly head: tf.Tensor2D;
}

/** The loss of rows of hidden states. `start` is the index of the first row. */
function loss(rows: tf.Tensor2D, start: number, { norm, head }: Parts): tf.Scalar {
  const [count] = rows.shape;
  const pairs = Array.from({ length: count }, (_, row): [number, number] => [row, targets[start + row] ?? 0]);
  const logits = tf.matMul<tf.Tensor2D>(rmsNorm(rows, norm, 1e-5), head, false, true);
  return tf.sum(tf.mul(tokenLogProbabilities(logits, tf.tensor2d(pairs, [count, 2], "int32")), wave([count], start)));
}

/** Returns the loss of all rows, computed in blocks and doubled, and its gradients. */
function results(parts: Parts, rows: number): tf.Tensor[] {
  const { hidden, norm, head } = parts;
  const { value, gradients } = valueAndGradients(() => {
    const doubled = tf.mul<tf.Tensor2D>(hidden, 2);
    const sum = sumOverBlocks((given, start) => loss(given, start, parts), doubled, { rows, captured: [norm, head] });
    return tf.mul<tf.Scalar>(sum, 3);
  }, [hidden, norm, head]);
  return [value, ...gradients.flatMap((gradient) => gradient ?? [])];
}

/** Returns the same without blocks. The waves restart at the first row of each block. */
function whole(parts: Parts, rows: number): tf.Tensor[] {
  const { hidden, norm, head } = parts;
  const { value, gradients } = valueAndGradients(() => {
    const doubled = tf.mul<tf.Tensor2D>(hidden, 2);
    const size = Math.ceil(ROWS / Math.ceil(ROWS / rows));
    const starts = Array.from({ length: Math.ceil(ROWS / size) }, (_, index) => index * size);
    const sums = starts.map((start) =>
      loss(tf.slice(doubled, [start, 0], [Math.min(size, ROWS - start), -1]), start, parts),
    );
    return tf.mul<tf.Scalar>(tf.addN(sums), 3);
  }, [hidden, norm, head]);
  return [value, ...gradients.flatMap((gradient) => gradient ?? [])];
}

function partsOf(): Parts {
  return {
    hidden: wave([ROWS, WIDTH], 0) as tf.Tensor2D,
    norm: wave([WIDTH], 1) as tf.Tensor1D,
    head: wave([VOCABULARY, WIDTH], 2) as tf.Tensor2D,
  };
}

function read(tensors: readonly tf.Tensor[]): number[][] {
  const values = tensors.map((tensor) => [...tensor.dataSync()]);
  tf.dispose([...tensors]);
  return values;
}

describe("sumOverBlocks", () => {
  it.each(["cpu", "onnx"])("has the value and the gradients of the plain sum, on %s", async (backend) => {
    if (backend === "onnx") await useOnnxBackend({ threads: 2 });
    else await tf.setBackend(backend);
    const parts = partsOf();
    for (const rows of [1, 5, 8, ROWS]) {
      const before = tf.memory().numTensors;
      const own = read(results(parts, rows));
      expect(tf.memory().numTensors).toBe(before);
      const expected = read(whole(parts, rows));
      own.forEach((values, index) => expectClose(values, expected[index]!, 1e-5));
    }
  });

  it("has the same value without gradients", () => {
    const parts = partsOf();
    const [expected] = read(results(parts, 5));
    const value = tf.tidy(() =>
      tf.mul(
        sumOverBlocks((given, start) => loss(given, start, parts), tf.mul(parts.hidden, 2), { rows: 5 }),
        3,
      ),
    );
    expectClose(read([value])[0]!, expected!, 1e-5);
  });

  it("holds the results of one block at a time", () => {
    const parts = partsOf();
    let most = 0;
    const { hidden, head } = parts;
    const before = tf.memory().numBytes;
    const { value, gradients } = valueAndGradients(
      () =>
        sumOverBlocks(
          (rows) => {
            const logits = tf.matMul(rows, head, false, true);
            most = Math.max(most, tf.memory().numBytes);
            return tf.sum(tf.square(logits));
          },
          hidden,
          { rows: 1, captured: [head] },
        ),
      [hidden, head],
    );
    const gradientBytes = 4 * (hidden.size + 2 * head.size);
    expect(most - before).toBeLessThan(gradientBytes + 4 * 4 * VOCABULARY);
    tf.dispose([value, ...gradients.flatMap((gradient) => gradient ?? [])]);
  });

  it("is recorded and replayed by compiled functions", async () => {
    await useOnnxBackend({ threads: 2 });
    const parts = partsOf();
    const step = compiled((hidden: tf.Tensor2D) => results({ ...parts, hidden }, 8));
    const first = read(step(parts.hidden));
    expect(read(step(parts.hidden))).toEqual(first);
    step.dispose();
  });
});
