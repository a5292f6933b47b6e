import * as tf from "@tensorflow/tfjs-core";
import { type TrainableModel, type TrainEvent, type TrainingRecipe } from "@mlan/core";
import { fakeModelSource, memoryDataset, temporaryFolder } from "@mlan/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { DATA, letters, RECIPE, SILENT, train, withEyes } from "./run-training.ts";

let folder: URL;

beforeEach(() => {
  folder = temporaryFolder();
});

describe("a training run reports", () => {
  it("its events in order", async () => {
    const { events } = await train({ folder });
    expect(events.map((event) => (event.type === "step-end" ? event.step : event.type))).toEqual([
      "train-start",
      1,
      2,
      3,
      4,
      "checkpoint-saved",
      5,
      6,
      7,
      8,
      "checkpoint-saved",
      9,
      "checkpoint-saved",
      "train-end",
    ]);
  });

  it("the rate that each update used, the first being 0", async () => {
    const { steps } = await train({ folder, recipe: { ...RECIPE, learningRate: 1, warmupRatio: 0.5 } });
    expect(steps.map(({ learningRate }) => learningRate.toFixed(4))).toEqual([
      "0.0000",
      "0.2000",
      "0.4000",
      "0.6000",
      "0.8000",
      "1.0000",
      "0.8536",
      "0.5000",
      "0.1464",
    ]);
  });

  it("positions that add up to the padded batches, and what they cost", async () => {
    const { steps } = await train({
      folder,
      adapt: (model) => ({ ...model, trainingFlops: ({ counts }) => 2 * counts.text }),
    });
    for (const { counts, flops, seconds } of steps) {
      // Two micro-batches, each of length 16 or 32.
      const computed = counts.text + counts.image + counts.padding;
      expect([16 + 16, 16 + 32, 32 + 32]).toContain(computed / RECIPE.microBatchSize);
      expect(counts.supervised).toBeGreaterThan(0);
      expect(flops).toBe(2 * counts.text);
      expect(seconds).toBeGreaterThan(0);
    }
  });

  it.each([false, true])("the model what learns, and whether to keep little: %s", async (gradientCheckpointing) => {
    const asked: unknown[] = [];
    const learned: unknown[] = [];
    const { steps } = await train({
      folder,
      trainer: { gradientCheckpointing },
      adapt: (model) => ({
        ...model,
        learn(components) {
          learned.push(components);
          return model.learn(components);
        },
        loss: (tensors, options) => {
          asked.push(options);
          return model.loss(tensors, options);
        },
        trainingFlops: (_batch, options) => (options?.gradientCheckpointing ? 4 : 3),
      }),
    });
    expect(new Set(asked.map((options) => JSON.stringify(options)))).toEqual(
      new Set([JSON.stringify({ gradientCheckpointing })]),
    );
    expect(learned).toEqual([RECIPE.trained]);
    for (const { flops } of steps) expect(flops).toBe(2 * (gradientCheckpointing ? 4 : 3));
  });

  // As in the original code, such a conversation has a place in the order; weighting by positions drops it.
  it.each([
    ["micro-batch", 6],
    ["position", 3],
  ] as const)("which conversations teach nothing, and weighted by %s has %i steps", async (lossWeighting, steps) => {
    const { events } = await train({
      folder,
      recipe: { ...RECIPE, lossWeighting },
      data: memoryDataset("mixed", [SILENT, ...letters(8)]),
    });
    expect(events[0]).toMatchObject({ steps, unsupervised: ["silent: no assistant text within the maximum length"] });
  });
});

describe("training", () => {
  it("leaves frozen components as they were, to the bit", async () => {
    const model = await fakeModelSource().open({ seed: 3 });
    const before = [...(await model.parameters()[0]!.read())];
    model.dispose();
    const { weights } = await train({ folder, recipe: { ...RECIPE, trained: ["projector"] } });
    expect(weights.table).toEqual(before);
    expect(weights.projector!.every((weight) => weight > 0)).toBe(true);
  });

  it("leaves the projector as it was when no conversation has an image", async () => {
    const { weights } = await train({ folder, data: memoryDataset("language", letters(16, false)) });
    expect(weights.projector).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("moves the projector on by its moments in steps without images", async () => {
    const projectors: number[] = [];
    const sees: boolean[] = [];
    await train({
      folder,
      recipe: { ...RECIPE, groupByModality: true, batchSize: 4 },
      adapt: (model) => {
        const seeing = withEyes(model);
        return {
          ...seeing,
          async collate(examples, shape) {
            projectors.push((await model.parameters()[1]!.read())[0]!);
            sees.push(examples.some(({ images }) => images.length > 0));
            return seeing.collate(examples, shape);
          },
        };
      },
    });
    const blind = sees.findIndex((now, step) => !now && sees.slice(1, step).includes(true) && step + 1 < sees.length);
    expect(blind).toBeGreaterThan(0);
    expect(projectors[blind + 1]).not.toBe(projectors[blind]);
  });

  it.each([
    ["model.mm_projector.0.weight", true],
    ["model.mm_projector.0.bias", false],
    ["model.layers.0.input_layernorm.weight", false],
    ["vision_model.pre_layrnorm.weight", false],
  ])("decays %s: %s", async (name, decays) => {
    const adapt = (model: TrainableModel): TrainableModel => ({
      ...model,
      parameters: () => [{ ...model.parameters()[0]!, name }],
      learn: (components) => {
        const { parameters, end } = model.learn(components);
        return { parameters: [{ ...parameters[0]!, name }], end };
      },
    });
    const recipe: TrainingRecipe = { ...RECIPE, trained: ["language"], learningRate: 0.1, maximumSteps: 3 };
    const weightsOf = async (weightDecay: number): Promise<readonly number[]> =>
      (await train({ folder: new URL(`${weightDecay}/`, folder), adapt, recipe: { ...recipe, weightDecay } })).weights
        .table!;
    const [free, decayed] = [await weightsOf(0), await weightsOf(1)];
    if (decays) expect(decayed).not.toEqual(free);
    else expect(decayed).toEqual(free);
  });

  it("scales gradients down to the maximum norm", async () => {
    const recipe = { ...RECIPE, maximumSteps: 3 };
    const free = await train({ folder: new URL("free/", folder), recipe });
    const loose = await train({ folder: new URL("loose/", folder), recipe: { ...recipe, maximumGradientNorm: 1e6 } });
    const tight = await train({ folder: new URL("tight/", folder), recipe: { ...recipe, maximumGradientNorm: 1e-9 } });
    expect(loose.weights).toEqual(free.weights);
    const moved = tight.weights.projector!.map((weight) => Math.abs(weight));
    // With gradients of about epsilon, Adam's normalization no longer makes every step as large as the learning rate.
    expect(Math.max(...moved)).toBeLessThan(0.5 * Math.max(...free.weights.projector!));
  });

  it("keeps the number of tensors flat from step to step", async () => {
    const tensors: number[] = [];
    const onEvent = (event: TrainEvent): void => {
      if (event.type === "step-end") tensors.push(tf.memory().numTensors);
    };
    await train({ folder, onEvent });
    expect(new Set(tensors).size).toBe(1);
  });

  it("frees its tensors when it is left early", async () => {
    await train({ folder: new URL("warm/", folder) });
    const before = tf.memory().numTensors;
    await train({ folder, breakAt: 2 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("has the same order for the same seed, and different orders for different seeds", async () => {
    const losses = async (seed: number, name: string): Promise<readonly number[]> =>
      (await train({ folder: new URL(`${name}/`, folder), seed })).steps.map(({ loss }) => loss);
    const first = await losses(1, "first");
    expect(await losses(1, "again")).toEqual(first);
    expect(await losses(2, "other")).not.toEqual(first);
  });
});

it("warns of conversations whose supervised text is not exactly their answers, and names them", async () => {
  const adapt = (model: TrainableModel): TrainableModel => ({
    ...withEyes(model),
    encode(conversation, options) {
      const encoded = model.encode(conversation, options);
      return conversation.id === "letter-2" ? { ...encoded, problem: "turn 1 is odd" } : encoded;
    },
  });
  const { events } = await train({ folder, adapt });
  const warning = "In 1 conversation, the supervised text is not exactly the answers: letter-2: turn 1 is odd.";
  expect(events[0]).toMatchObject({ unsupervised: [], warnings: [warning] });
});

it("warns when a model is trained with a different template than before, not at the first training", async () => {
  const tunedIn =
    (template: string) =>
    (model: TrainableModel): TrainableModel => {
      model.setFormat({ ...model.format, template });
      return model;
    };
  const warningsFor = async (template: string): Promise<unknown> => {
    const { events } = await train({ folder: new URL(`${template}/`, folder), adapt: tunedIn(template) });
    return events[0]?.type === "train-start" ? events[0].warnings : undefined;
  };
  expect(await warningsFor("llama_2")).toEqual([
    'The model was trained with the template "llama_2" (fake llama_2) before, and is now trained with "v1" (fake v1).',
  ]);
  expect([await warningsFor("v1"), await warningsFor("plain")]).toEqual([[], []]);
});

it("warns of learning rates that hardly change a weight", async () => {
  const { events } = await train({ folder, recipe: { ...RECIPE, learningRate: 1e-9 } });
  expect(events[0]).toMatchObject({ warnings: [expect.stringMatching(/add up to 4\.\de-9, which hardly changes/)] });
});

describe("an aborted signal", () => {
  it("stops after the current step, leaving a checkpoint from which training resumes with bit-identical results", async () => {
    const straight = await train({ folder: new URL("straight/", folder) });
    const controller = new AbortController();
    const seen: TrainEvent[] = [];
    const stopped = train({
      folder,
      signal: controller.signal,
      onEvent(event) {
        seen.push(event);
        if (event.type === "step-end" && event.step === 2) controller.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(seen.at(-1)).toMatchObject({ type: "checkpoint-saved", step: 2 });
    const resumed = await train({ folder });
    expect(resumed.steps[0]?.step).toBe(3);
    expect(resumed.weights).toEqual(straight.weights);
  });

  it("prevents any work when it is aborted before", async () => {
    await expect(train({ folder, data: DATA, signal: AbortSignal.abort(new Error("never")) })).rejects.toThrow("never");
  });
});
