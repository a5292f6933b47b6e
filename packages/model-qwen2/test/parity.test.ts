import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope } from "@mlan/core";
import {
  crossEntropy,
  disposeInputTensors,
  disposeNetwork,
  disposeSelection,
  hiddenStates,
  inputTensors,
  learn,
  type LlavaNetwork,
  logits,
  selection,
  shiftedTargets,
  splice,
} from "@mlan/model-llava";
import { openSafetensors, type SafetensorsReader } from "@mlan/safetensors";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // gradients, which a trainer brings otherwise
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtureConfig, fixtureNetwork, FIXTURES } from "./fixture-network.ts";

describe.each(["tied", "untied"])("Qwen2 with a head that is %s agrees with transformers", (name) => {
  let network: LlavaNetwork;
  let expected: SafetensorsReader;
  beforeAll(async () => {
    await createScope([onnx()]).get(COMPUTE).open();
    network = await fixtureNetwork(name);
    expected = await openSafetensors(new URL(`${name}.expected.safetensors`, FIXTURES));
  });
  afterAll(async () => {
    disposeNetwork(network);
    await expected.close();
  });

  it("on the logits of padded rows", async () => {
    const { ids, inputs } = await padded();
    const actual = tf.tidy(() => logits(network.decoder, hiddenStates(network, inputs)));
    const [, width = 0] = actual.shape;
    const [, length = 0] = shapeOf("logits");
    const [found, wanted] = [await actual.data(), await expected.read("logits")];
    for (const [row, { length: positions }] of ids.entries()) {
      const part = (values: ArrayLike<number>, stride: number): number[] =>
        Array.from(values).slice(row * stride * width, (row * stride + positions) * width);
      expect(largestDifference(part(found, inputs.length), part(wanted, length))).toBeLessThan(1e-4);
    }
    actual.dispose();
    disposeInputTensors(inputs);
  });

  it("on the loss and the gradient of every weight", async () => {
    const { inputs, labels } = await padded();
    const selected = selection(shiftedTargets(labels, inputs.length), labels.length);
    const learning = learn(network.weights, ["language"]);
    const { value, grads } = tf.variableGrads(
      () => crossEntropy(network, inputs, selected),
      learning.parameters.map(({ variable }) => variable),
    );
    expect(largestDifference(await value.data(), await expected.read("loss"))).toBeLessThan(1e-4);
    const gradients = [...expected.entries.keys()].filter((key) => key.startsWith("gradient."));
    expect(learning.parameters.map((parameter) => `gradient.${parameter.name}`).toSorted()).toEqual(
      gradients.toSorted(),
    );
    for (const { name: weight, variable } of learning.parameters) {
      const gradient = await grads[variable.name]!.data();
      expect(largestDifference(gradient, await expected.read(`gradient.${weight}`)), weight).toBeLessThan(1e-4);
    }
    learning.end();
    tf.dispose([value, grads]);
    disposeSelection(selected);
    disposeInputTensors(inputs);
  });

  it("on the sizes in the published config.json and in that of transformers 5", async () => {
    expect(await fixtureConfig(`${name}.transformers-5.json`)).toEqual(await fixtureConfig(`${name}/config.json`));
  });

  async function padded() {
    const ids = await rows("input_ids");
    const targets = await rows("labels");
    const examples = ids.map((inputIds, row) => ({
      id: `${row}`,
      inputIds,
      labels: targets[row] ?? [],
      images: [],
      length: inputIds.length,
    }));
    const spliced = splice(examples, { rows: 4, length: 10, patches: 0 });
    const inputs = await inputTensors(spliced, undefined, () => Promise.reject(new Error("there are no images")));
    return { ids, inputs, labels: spliced.labels };
  }

  /** Returns the rows of a right-padded matrix, truncated to their lengths. */
  async function rows(key: string): Promise<number[][]> {
    const values = await expected.readInt32(key);
    const [, width = 0] = shapeOf(key);
    const lengths = await expected.readInt32("lengths");
    return [...lengths].map((length, row) => [...values.subarray(row * width, row * width + length)]);
  }

  function shapeOf(key: string): readonly number[] {
    return expected.entries.get(key)?.shape ?? [];
  }
});

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, expected ${expected.length}`);
  const wanted = Array.from(expected);
  return Array.from(actual).reduce((largest, value, place) => {
    const difference = Math.abs(value - (wanted[place] ?? NaN));
    return Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }, 0);
}
