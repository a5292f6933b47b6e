import { disposePromptTensors, promptTensors } from "#internal/batch/prompt-tensors.ts";
import { type AnswerFunctions, answerFunctions } from "#internal/network/answer-functions.ts";
import { decodeRows } from "#internal/network/decode-rows.ts";
import { patchFeatures } from "#internal/network/vision-tower.ts";
import {
  crossEntropy,
  disposeInputTensors,
  disposeNetwork,
  disposeSelection,
  hiddenStates,
  type InputTensors,
  inputTensors,
  learn,
  type LlavaNetwork,
  logits,
  selection,
  shiftedTargets,
  splice,
  unfoldPatches,
  visionHiddenStates,
} from "@mlan/model-llava";
import type { ImageReference } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BACKENDS } from "./backends.ts";
import { type Expected, expectedValues, fixtureNetwork, largestError } from "./network-fixture.ts";

const PATCHES = 4;
const PIXELS = 3 * 8 * 8;

describe.each(BACKENDS)("the network on $name agrees with PyTorch", ({ compute, use }) => {
  let network: LlavaNetwork;
  let functions: AnswerFunctions;
  let expected: Expected;
  beforeAll(async () => {
    await use();
    network = await fixtureNetwork();
    functions = answerFunctions(network, compute);
    expected = await expectedValues();
  });
  afterAll(async () => {
    functions.dispose();
    disposeNetwork(network);
    await expected.close();
  });

  it("on the logits of right-padded rows", async () => {
    const { rows, inputs } = await textInputs();
    const length = expected.shape("text.logits")[1]!;
    const actual = tf.tidy(() => logits(network.decoder, hiddenStates(network, inputs)));
    const values = await actual.data();
    const wanted = await expected.floats("text.logits");
    for (const [row, ids] of rows.entries()) {
      const part = (all: ArrayLike<number>, width: number): number[] =>
        Array.from({ length: ids.length * 48 }, (_, index) => all[row * width * 48 + index]!);
      expect(largestError(part(values, inputs.length), part(wanted, length))).toBeLessThan(1e-5);
    }
    actual.dispose();
    disposeInputTensors(inputs);
  });

  it("on the loss and every gradient", async () => {
    const { inputs, labels } = await textInputs();
    const selected = selection(shiftedTargets(labels, inputs.length), labels.length);
    const learning = learn(network.weights, ["language"]);
    const variables = learning.parameters;
    const { value, grads } = tf.variableGrads(
      () => crossEntropy(network, inputs, selected),
      variables.map(({ variable }) => variable),
    );
    expect(largestError(await value.data(), await expected.floats("text.loss"))).toBeLessThan(1e-5);
    for (const { name, variable } of variables) {
      const gradient = await grads[variable.name]!.data();
      expect(largestError(gradient, await expected.floats(`text.gradient.${name}`)), name).toBeLessThan(1e-5);
    }
    learning.end();
    tf.dispose([value, grads]);
    disposeSelection(selected);
    disposeInputTensors(inputs);
  });

  it("on patch features and on the last hidden state", async () => {
    const tower = network.vision!.tower;
    const pixels = await expected.floats("vision.pixels");
    const unfolded = new Float32Array(pixels.length);
    for (const image of [0, 1]) unfoldPatches(tower.config, pixels.subarray(image * PIXELS), unfolded, image * PIXELS);
    const [features, last] = tf.tidy(() => {
      const patches = tf.tensor2d(unfolded, [2 * PATCHES, PIXELS / PATCHES]);
      return [patchFeatures(tower, patches, -2), visionHiddenStates(tower, patches, 3)] as const;
    });
    expect(largestError(await features.data(), await expected.floats("vision.features"))).toBeLessThan(1e-5);
    expect(largestError(await last.data(), await expected.floats("vision.last"))).toBeLessThan(1e-5);
    tf.dispose([features, last]);
  });

  it("on the loss and gradients of a spliced batch", async () => {
    const { inputs, labels } = await llavaInputs();
    const selected = selection(shiftedTargets(labels, inputs.length), labels.length);
    const learning = learn(network.weights, ["language", "projector", "vision"]);
    const variables = learning.parameters.filter(
      ({ component, name }) => component === "projector" || name === "model.embed_tokens.weight",
    );
    const { value, grads } = tf.variableGrads(
      () => crossEntropy(network, inputs, selected),
      variables.map(({ variable }) => variable),
    );
    expect(largestError(await value.data(), await expected.floats("llava.loss"))).toBeLessThan(1e-5);
    for (const { name, variable } of variables) {
      const gradient = await grads[variable.name]!.data();
      expect(largestError(gradient, await expected.floats(`llava.gradient.${name}`)), name).toBeLessThan(1e-5);
    }
    learning.end();
    tf.dispose([value, grads]);
    disposeSelection(selected);
    disposeInputTensors(inputs);
  });

  it("on greedy answers to prompts of different lengths", async () => {
    const prompts = await expected.rows("generate.prompts");
    const wanted = await expected.rows("generate.tokens");
    const rows = prompts.map((ids) => ({ symbols: Int32Array.from(ids), start: 0 }));
    const tensors = tf.memory().numTensors;
    const inputs = promptTensors(rows, { rows: 4, length: 8, patches: PATCHES });
    const answers: number[][] = prompts.map(() => []);
    await decodeRows(functions, {
      notFinite: async (row) => new Error(`row ${row}`),
      prompts: inputs,
      lengths: prompts.map(({ length }) => length),
      maximumNewTokens: 12,
      take: (row, { token }) => (answers[row]!.push(token) < 12 ? token : undefined),
    });
    expect(answers.map((answer, row) => answer.slice(0, wanted[row]!.length))).toEqual(wanted);
    disposePromptTensors(inputs);
    // The network keeps one table of rotations and one mask. Everything else has been freed.
    expect(tf.memory().numTensors - tensors).toBeLessThanOrEqual(5);
  });

  it("on the margins of greedy answers", async () => {
    const [ids = []] = await expected.rows("generate.prompts");
    const sequence = [...ids];
    const margins: number[] = [];
    const prompts = promptTensors([{ symbols: Int32Array.from(ids), start: 0 }], {
      rows: 1,
      length: 8,
      patches: PATCHES,
    });
    await decodeRows(functions, {
      notFinite: async (row) => new Error(`row ${row}`),
      prompts,
      lengths: [ids.length],
      maximumNewTokens: 4,
      margins: true,
      take: (_, { token, margin }) => {
        sequence.push(token);
        margins.push(margin!);
        return token;
      },
    });
    disposePromptTensors(prompts);
    expect(margins).toHaveLength(4);
    const row = { id: "whole", inputIds: sequence, images: [], length: sequence.length };
    const whole = splice([row], { rows: 1, length: sequence.length, patches: PATCHES });
    const inputs = await inputTensors(whole, undefined, noPixels);
    const scores = tf.tidy(() => logits(network.decoder, hiddenStates(network, inputs)));
    const values = (await scores.array()) as number[][];
    for (const [step, margin] of margins.entries()) {
      const [best, second] = values[ids.length - 1 + step]!.toSorted((one, other) => other - one);
      expect(margin).toBeCloseTo(best! - second!, 4);
    }
    scores.dispose();
    disposeInputTensors(inputs);
  });

  async function textInputs(): Promise<{ rows: number[][]; inputs: InputTensors; labels: Int32Array }> {
    const rows = await expected.rows("text.input_ids");
    const labels = await expected.rows("text.labels");
    const examples = rows.map((inputIds, row) => ({
      id: `${row}`,
      inputIds,
      labels: labels[row]!,
      images: [],
      length: inputIds.length,
    }));
    const spliced = splice(examples, { rows: 4, length: 10, patches: PATCHES });
    return { rows, inputs: await inputTensors(spliced, undefined, noPixels), labels: spliced.labels };
  }

  async function llavaInputs(): Promise<{ inputs: InputTensors; labels: Int32Array }> {
    const rows = await expected.rows("llava.input_ids");
    const labels = await expected.rows("llava.labels");
    const pixels = await expected.floats("vision.pixels");
    const images = [0, 1].map((image): ImageReference => ({
      name: `${image}`,
      read: () => Promise.resolve(new Uint8Array([image])),
    }));
    const examples = rows.map((inputIds, row) => ({
      id: `${row}`,
      inputIds,
      labels: labels[row]!,
      images: row < 2 ? [images[row]!] : [],
      length: inputIds.length + (row < 2 ? PATCHES - 1 : 0),
    }));
    const spliced = splice(examples, { rows: 3, length: 12, patches: PATCHES });
    const inputs = await inputTensors(spliced, network.vision!.tower.config, async (image) => {
      const start = (await image.read())[0]! * PIXELS;
      return pixels.slice(start, start + PIXELS);
    });
    return { inputs, labels: spliced.labels };
  }
});

function noPixels(): Promise<Float32Array> {
  throw new Error("These batches hold no images.");
}
