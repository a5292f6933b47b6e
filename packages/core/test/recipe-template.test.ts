import {
  evaluate,
  experiment,
  type Experiment,
  formatFor,
  MODEL,
  type ModelSource,
  type Plugin,
  readRun,
  type StageEndEvent,
  train,
  type TrainingRecipe,
} from "@mlan/core";
import { fakeModelPlugin } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import { bench, folder, letters, run, useScratchRuns, weights } from "./scratch-run.ts";
import { addingTrainer, RECIPE, type Told, weightEvaluator } from "./small-run.ts";

useScratchRuns();

const { template: _, ...format } = RECIPE.format;
const withoutTemplate: TrainingRecipe = { ...RECIPE, format };

interface Parts {
  readonly recipe?: TrainingRecipe;
  readonly model?: Plugin<ModelSource>;
  readonly seen?: Told[];
}

function tuned({ recipe = withoutTemplate, model = fakeModelPlugin({ weights }), seen }: Parts = {}): Experiment {
  return experiment({
    name: "small",
    use: [model, addingTrainer(), weightEvaluator(seen)],
    stages: [
      train({ name: "tune", data: letters, recipe }),
      evaluate({ name: "after", benchmarks: [bench], protocol: "strict" }),
    ],
  });
}

const tunedIn = (tuningTemplate: string): Plugin<ModelSource> => fakeModelPlugin({ weights, tuningTemplate });
const skippedIn = (events: Awaited<ReturnType<typeof run>>): readonly boolean[] =>
  events.filter((event): event is StageEndEvent => event.type === "stage-end").map(({ skipped }) => skipped);

describe("a recipe without a template", () => {
  it("has the model's own, which the manifest names", async () => {
    await run(tuned({ model: tunedIn("chatml") }));
    const [stage] = (await readRun(folder)).manifest.plan.stages;
    expect(stage?.settings).toMatchObject({ recipe: { format: { template: "chatml", maximumLength: 64 } } });
  });

  it.each([
    ["named it", RECIPE, withoutTemplate],
    ["did not name it", withoutTemplate, RECIPE],
  ])("continues a run that %s", async (_name, before, now) => {
    const seen: Told[] = [];
    await run(tuned({ recipe: before, seen }));
    expect(skippedIn(await run(tuned({ recipe: now, seen })))).toEqual([true, true]);
    expect(seen).toHaveLength(1);
  });

  it("does not continue a run in another template", async () => {
    await run(tuned({ recipe: RECIPE }));
    await expect(run(tuned({ model: tunedIn("chatml") }))).rejects.toThrow(
      /its stage "tune" trains in the template "v1", and the model's default is "chatml" now\. Set format\.template to "v1"/,
    );
    const other = { ...RECIPE, format: { ...RECIPE.format, template: "llama_2" } };
    await expect(run(tuned({ recipe: other }))).rejects.toThrow(/template was "v1", now it is "llama_2"/);
  });

  it("is refused before the first stage for a model that does not say its own", async () => {
    const model: Plugin<ModelSource> = {
      name: "silent",
      token: MODEL,
      create(scope) {
        const source = fakeModelPlugin({ weights }).create(scope);
        return {
          ...source,
          async inspect(options) {
            const { tuningTemplate: __, ...rest } = { ...(await source.inspect?.(options)) };
            return { ...rest, content: { stamp: "1", digest: async () => "1" }, parameters: { language: 1 } };
          },
        };
      },
    };
    await expect(run(tuned({ model }))).rejects.toThrow(
      "neither the recipe nor the model @mlan/testing/fake-model names a conversation template; set format.template.",
    );
  });
});

it("a recipe's own template goes before the model's", () => {
  const model = { name: "a", tuningTemplate: "chatml" };
  expect(formatFor(RECIPE.format, model)).toEqual(RECIPE.format);
  // The order of keys too is that of a recipe that names its template: models may make fingerprints of it.
  const { maximumLength, imageAspectRatio, template: __ } = RECIPE.format;
  for (const given of [format, { maximumLength, imageAspectRatio, template: "chatml" }])
    expect(JSON.stringify(formatFor(given, model))).toBe(JSON.stringify({ ...RECIPE.format, template: "chatml" }));
});
