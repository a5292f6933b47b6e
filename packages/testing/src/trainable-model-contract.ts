import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import {
  type Batch,
  type Component,
  type ConversationFormat,
  type Encoded,
  type GradientOptions,
  type LossOptions,
  MlanError,
  type ModelSource,
  type TrainableModel,
  trainableModel,
} from "@mlan/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alphabetConversations } from "./memory-dataset.ts";
import { answersOf } from "./answers-of.ts";
import { changeWeights } from "./change-weights.ts";
import { describeEncoding } from "./encoding-contract.ts";
import type { ModelContractOptions } from "./model-contract.ts";

/** Declares the contract tests of trainable models, beyond those of models. */
export function describeTrainableModelContract(
  source: ModelSource,
  { useBackend, template = "v1" }: ModelContractOptions,
): void {
  const tuning: ConversationFormat = { template, imageAspectRatio: "pad", maximumLength: 256 };
  describe(`${source.name} keeps the trainable model contract`, () => {
    let model: TrainableModel;
    let examples: readonly Encoded[];
    beforeAll(async () => {
      await useBackend();
      model = trainableModel(await source.open({ seed: 1 }));
      model.setFormat(tuning);
      examples = alphabetConversations(4).map((conversation) => model.encode(conversation));
    });
    afterAll(() => model.dispose());

    describeEncoding(source, () => model, tuning);

    it("names its parameters, each once", () => {
      const names = model.parameters().map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(model.parameters().map(({ component }) => component)).toContain("language");
    });

    it("has variables for the trained components until training ends, without additional memory", async () => {
      const values = async (): Promise<readonly (readonly number[])[]> =>
        Promise.all(model.parameters().map(async (parameter) => [...(await parameter.read())]));
      const before = { values: await values(), ...tf.memory() };
      const learning = model.learn(["language"]);
      const language = model.parameters().filter(({ component }) => component === "language");
      expect(learning.parameters.map(({ name, component, shape }) => ({ name, component, shape }))).toEqual(
        language.map(({ name, component, shape }) => ({ name, component, shape })),
      );
      for (const { variable, shape } of learning.parameters) {
        expect(variable).toBeInstanceOf(tf.Variable);
        expect(variable.shape).toEqual(shape);
      }
      expect(tf.memory().numBytes).toBe(before.numBytes);
      expect(() => model.learn(["projector"])).toThrow(MlanError);
      learning.end();
      expect(await values()).toEqual(before.values);
      expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
      model.learn(["projector"]).end();
      changeWeights(model, ({ variable }) => tf.add(variable, 1));
      expect((await values())[0]?.[0]).toBeCloseTo((before.values[0]?.[0] ?? NaN) + 1, 5);
      changeWeights(model, ({ variable }) => tf.sub(variable, 1));
    });

    it("counts every position of a batch", async () => {
      const { rows, length } = shapeOf(examples);
      const batch = await model.collate(examples, { rows: rows + 1, length });
      const { text, image, padding, supervised } = batch.counts;
      batch.dispose();
      expect(text + image + padding).toBe((rows + 1) * length);
      expect(supervised).toBe(examples.reduce((sum, example) => sum + example.supervised, 0));
    });

    it("returns the same loss whatever the padding", async () => {
      const { rows, length } = shapeOf(examples);
      const tight = await lossOf(model, examples, { rows, length });
      expect(await lossOf(model, examples, { rows: rows + 1, length: length + 8 })).toBeCloseTo(tight, 4);
    });

    it("returns the same loss and gradients when it also returns the losses of the rows, if it does", async () => {
      const batch = await model.collate(examples, shapeOf(examples));
      const learning = model.learn(["language"]);
      const variables = learning.parameters.map(({ variable }) => variable);
      const pass = async (options: LossOptions): Promise<readonly Float32Array[]> => {
        const { value, grads } = tf.variableGrads(() => model.loss(batch.tensors, options), variables);
        const tensors = [value, ...variables.flatMap(({ name }) => grads[name] ?? [])];
        const values = await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
        tf.dispose(tensors);
        return values;
      };
      const plain = await pass({});
      const before = tf.memory().numTensors;
      const called: tf.Tensor1D[] = [];
      const detailed = await pass({ onRowLosses: (losses) => called.push(losses) });
      const more = tf.memory().numTensors - before;
      learning.end();
      batch.dispose();
      expect(detailed).toEqual(plain);
      expect(called.length).toBeLessThanOrEqual(1);
      expect(more).toBe(called.length);
      for (const losses of called) {
        const rows = await losses.data<"float32">();
        expect(rows).toHaveLength(examples.length);
        expect(rows.reduce((sum, loss) => sum + loss, 0)).toBeCloseTo(plain[0]?.[0] ?? NaN, 4);
        for (const [row, example] of examples.entries()) {
          const { length } = example;
          const mean = await lossOf(model, [example], { rows: 1, length });
          const all = examples.reduce((sum, { supervised }) => sum + supervised, 0);
          expect(((rows[row] ?? NaN) * all) / example.supervised).toBeCloseTo(mean, 3);
        }
        losses.dispose();
      }
    });

    it.each<{ trained: readonly Component[] }>([{ trained: ["projector"] }, { trained: ["language", "projector"] }])(
      "returns the same loss and gradients of $trained however few activations are kept",
      async ({ trained }) => {
        const batch = await model.collate(examples, shapeOf(examples));
        const pass = async (
          learns: readonly Component[],
          options: GradientOptions = {},
        ): Promise<readonly Float32Array[]> => {
          const learning = model.learn(learns);
          const variables = learning.parameters
            .filter(({ component }) => trained.includes(component))
            .map(({ variable }) => variable);
          if (variables.length === 0) {
            learning.end();
            return [];
          }
          const { value, grads } = tf
            .engine()
            .gradients(() => model.loss(batch.tensors, options), variables, undefined, true);
          // A parameter that does not affect the loss of the batch has no gradient.
          const tensors = [value, ...grads].filter((tensor) => tensor !== undefined);
          const values = await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
          tf.dispose(tensors);
          learning.end();
          return values;
        };
        const all = await pass(["language", "projector", "vision"]);
        const few = [await pass(trained), await pass(trained, { gradientCheckpointing: true })];
        batch.dispose();
        for (const values of few) {
          expect(values).toHaveLength(all.length);
          for (const [index, gradient] of values.entries())
            expect(largestDifference(gradient, all[index] ?? [])).toBeLessThan(1e-5);
        }
      },
    );

    it("overfits one batch, and leaves no tensors behind", async () => {
      const batch = await model.collate(examples, shapeOf(examples));
      const learning = model.learn(["language"]);
      const variables = learning.parameters.map(({ variable }) => variable);
      const optimizer = tf.train.adam(0.05);
      const losses: number[] = [];
      let tensors = 0;
      for (let step = 0; step < 40; step++) {
        const loss = optimizer.minimize(() => model.loss(batch.tensors), true, variables);
        losses.push((await loss?.data())?.[0] ?? NaN);
        loss?.dispose();
        if (step === 1) tensors = tf.memory().numTensors;
      }
      expect(tf.memory().numTensors).toBe(tensors);
      optimizer.dispose();
      learning.end();
      batch.dispose();
      expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
    });

    it.each([false, true])(
      "saves and loads the same bits and the format, trained components only: %s",
      async (trainedOnly) => {
        const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-model-"))}/`);
        const loss = await lossOf(model, examples, shapeOf(examples));
        await model.save(folder, { trainedOnly });
        const other = trainableModel(await source.open({ seed: 2 }));
        await other.load(folder);
        await rm(folder, { recursive: true });
        expect(other.format).toEqual(tuning);
        expect(await lossOf(other, examples, shapeOf(examples))).toBe(loss);
        other.dispose();
      },
    );

    it("neither answers, scores nor saves with weights that are not finite", async () => {
      const broken = trainableModel(await source.open({ seed: 1 }));
      const last = broken.parameters().findLast(({ component }) => component === "language")?.name;
      changeWeights(broken, ({ name, variable }) => (name === last ? tf.fill(variable.shape, NaN) : undefined));
      const prompt = { kind: "raw", text: "a", beginOfSequence: true } as const;
      for (const details of [false, true]) {
        const request = { id: "asked", prompt, images: [], maximumNewTokens: 2 };
        const error: unknown = await answersOf(broken, [request], { details }).catch((thrown: unknown) => thrown);
        expect(MlanError.is(error), String(error)).toBe(true);
      }
      const scoring = broken.score([{ id: "scored", prompt, images: [], continuation: "b" }]);
      await expect(scoring).rejects.toSatisfy((error) => MlanError.is(error));
      const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-model-"))}/`);
      await expect(broken.save(folder)).rejects.toSatisfy((error) => MlanError.is(error));
      await rm(folder, { recursive: true });
      broken.dispose();
    });

    it("loads nothing from a folder in which a bit has changed", async () => {
      const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-model-"))}/`);
      await model.save(folder);
      const loss = await lossOf(model, examples, shapeOf(examples));
      const other = trainableModel(await source.open({ seed: 2 }));
      other.setFormat(tuning);
      const before = await lossOf(other, examples, shapeOf(examples));
      for (const name of await readdir(folder)) {
        const file = new URL(encodeURIComponent(name), folder);
        const bytes = await readFile(file);
        const changed = Uint8Array.from(bytes);
        changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
        await writeFile(file, changed);
        const error = await other.load(folder).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(MlanError.is(error, "invalid-checkpoint"), `${name}: ${String(error)}`).toBe(true);
        await writeFile(file, bytes);
      }
      expect(await lossOf(other, examples, shapeOf(examples))).toBe(before);
      await other.load(folder);
      expect(await lossOf(other, examples, shapeOf(examples))).toBe(loss);
      await rm(folder, { recursive: true });
      other.dispose();
    });

    it("counts more work where more is trained", async () => {
      const small = await model.collate(examples.slice(0, 1), shapeOf(examples.slice(0, 1)));
      const large = await model.collate(examples, shapeOf(examples));
      const flops = (batch: Batch, trained: readonly Component[], options?: GradientOptions): number => {
        const learning = model.learn(trained);
        const counted = model.trainingFlops(batch, options);
        learning.end();
        return counted;
      };
      expect(flops(large, ["projector", "language"])).toBeGreaterThan(flops(large, ["projector"]));
      expect(flops(large, ["language"])).toBeGreaterThan(flops(small, ["language"]));
      expect(flops(large, ["language"], { gradientCheckpointing: true })).toBeGreaterThanOrEqual(
        flops(large, ["language"]),
      );
      small.dispose();
      large.dispose();
    });
  });
}

function shapeOf(examples: readonly Encoded[]): { rows: number; length: number } {
  return { rows: examples.length, length: Math.max(...examples.map(({ length }) => length)) };
}

function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let largest = left.length === right.length ? 0 : NaN;
  for (let index = 0; index < left.length; index++)
    largest = Math.max(largest, Math.abs((left[index] ?? NaN) - (right[index] ?? NaN)));
  return largest;
}

async function lossOf(
  model: TrainableModel,
  examples: readonly Encoded[],
  shape: { rows: number; length: number },
): Promise<number> {
  const batch = await model.collate(examples, shape);
  const loss = model.loss(batch.tensors);
  const [value = NaN] = await loss.data();
  loss.dispose();
  batch.dispose();
  return value;
}
