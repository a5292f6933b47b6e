import {
  type Benchmark,
  evaluate,
  EVALUATOR,
  type Evaluator,
  experiment,
  runFolder,
  type Plugin,
  type Stage,
  take,
  train,
  type TrainingRecipe,
} from "@mlan/core";
import { fakeModelPlugin, memoryBenchmark } from "@mlan/testing";
import { rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { bench, folder, letters, run, useScratchRuns, weights } from "./scratch-run.ts";
import { addingTrainer, RECIPE, type Told, weightEvaluator } from "./small-run.ts";

useScratchRuns();

const questions = [{ id: "q", images: [], text: "1+1", target: "2" }];
const own: Benchmark = {
  ...memoryBenchmark("own", questions),
  protocols: ["mine"],
  protocol: () => ({ ...bench.protocol(), name: "mine" }),
};

describe("evaluate", () => {
  it("asks by the default protocol of each benchmark, and means the same as with its name", () => {
    const named = evaluate({ name: "a", benchmarks: [bench], protocol: "strict" });
    expect(evaluate({ name: "a", benchmarks: [bench] }).settings).toEqual(named.settings);
    expect(evaluate({ name: "a", benchmarks: [take(own, 1), bench] }).settings).toEqual({
      benchmarks: ["own", "bench"],
      limits: { own: 1 },
      protocol: { own: "mine", bench: "strict" },
    });
  });

  it("refuses at once a protocol that one of the benchmarks does not have", () => {
    expect(() => evaluate({ name: "a", benchmarks: [bench], protocol: "lax" })).toThrow(
      'bench: there is no protocol "lax"; it has strict and paper.',
    );
    expect(() => evaluate({ name: "a", benchmarks: [bench], protocol: "" })).toThrow('option "protocol"');
  });

  it("says so when a benchmark returns nothing for a protocol that it does not have", () => {
    const careless = { ...bench, protocol: (() => undefined) as never };
    expect(() => evaluate({ name: "a", benchmarks: [careless], protocol: "lax" })).toThrow(
      'bench: its protocol("lax") returned nothing; let it return a protocol, or throw when there is none.',
    );
  });

  it("tells the evaluator the protocol of each benchmark", async () => {
    const protocols: string[] = [];
    const use = [fakeModelPlugin({ weights }), asking(({ protocol }) => protocols.push(protocol))];
    await run(experiment({ name: "two", use, stages: [evaluate({ name: "a", benchmarks: [own, bench] })] }));
    expect(protocols).toEqual(["mine", "strict"]);
  });
});

/**
 * Creates an evaluator that opens the benchmark twice before the run and twice during the run, and passes each
 * evaluation to `told`.
 */
function asking(told: (run: Parameters<Evaluator["evaluate"]>[0]) => void): Plugin<Evaluator> {
  const { create, ...plugin } = weightEvaluator();
  return {
    ...plugin,
    token: EVALUATOR,
    create(scope) {
      const evaluator = create(scope);
      return {
        ...evaluator,
        async check({ benchmark }) {
          await benchmark.open();
          await benchmark.open();
        },
        async *evaluate(asked) {
          await asked.benchmark.open();
          await asked.benchmark.open();
          told(asked);
          yield* evaluator.evaluate(asked);
        },
      };
    },
  };
}

describe("data of a stage", () => {
  /** A benchmark that counts how often it was opened. */
  const counting = () => {
    let opened = 0;
    const base = memoryBenchmark("counted", questions);
    const open: typeof base.open = () => {
      opened++;
      return base.open();
    };
    return { ...base, open, opened: () => opened };
  };

  it("are opened once before the run and once in it, however often it asks for them", async () => {
    const counted = counting();
    const stages = [evaluate({ name: "a", benchmarks: [counted] })];
    await run(experiment({ name: "once", use: [fakeModelPlugin({ weights }), asking(() => {})], stages }));
    expect(counted.opened()).toBe(2);
  });

  it("are opened once before the run although several stages read them, and once in each stage", async () => {
    const counted = counting();
    const ask = (name: string, limit: number): Stage => evaluate({ name, benchmarks: [take(counted, limit)] });
    const stages = [evaluate({ name: "a", benchmarks: [counted] }), ask("b", 1), ask("c", 1)];
    await run(experiment({ name: "shared", use: [fakeModelPlugin({ weights }), asking(() => {})], stages }));
    expect(counted.opened()).toBe(1 + stages.length);
  });

  it("that could not be opened are opened again", async () => {
    let opened = 0;
    const base = memoryBenchmark("shaky", questions);
    const shaky = {
      ...base,
      open: async () => {
        opened++;
        if (opened === 2) throw new Error("a cable");
        return base.open();
      },
    };
    const evaluator = asking(() => {});
    const create: typeof evaluator.create = (scope) => ({
      ...evaluator.create(scope),
      async check({ benchmark }) {
        await benchmark.open();
      },
      async *evaluate({ benchmark, ...asked }) {
        await benchmark.open().catch(() => {});
        yield* evaluator.create(scope).evaluate({ benchmark, ...asked });
      },
    });
    const stages = [evaluate({ name: "a", benchmarks: [shaky] })];
    await run(experiment({ name: "again", use: [fakeModelPlugin({ weights }), { ...evaluator, create }], stages }));
    expect(opened).toBe(3);
  });
});

describe("a run whose recipe still has the field protocol", () => {
  const exact = { lossWeighting: "position", groupLengths: "absolute", answerSpans: "turns" } as const;
  const small = (recipe: TrainingRecipe, seen?: Told[]): ReturnType<typeof experiment> =>
    experiment({
      name: "small",
      use: [fakeModelPlugin({ weights }), addingTrainer(), weightEvaluator(seen)],
      stages: [
        train({ name: "tune", data: letters, recipe }),
        evaluate({ name: "after", benchmarks: [bench], protocol: "strict" }),
      ],
    });

  it.each([
    ["strict", { ...RECIPE, ...exact }],
    ["paper", RECIPE],
  ] as const)("%s is continued by what that meant, on the same weights", async (protocol, now) => {
    const before: Told[] = [];
    await run(small(Object.assign({ protocol }, RECIPE), before));
    await rm(runFolder(folder).answers("after", "bench"));
    const after: Told[] = [];
    const events = await run(small(now, after));
    expect(events.filter((event) => event.type === "stage-end").map(({ skipped }) => skipped)).toEqual([true, false]);
    expect(after.map((told) => told.weights)).toEqual(before.map((told) => told.weights));
  });

  it("is not continued by anything else", async () => {
    await run(small(Object.assign({ protocol: "strict" }, RECIPE)));
    await expect(run(small(RECIPE))).rejects.toThrow(
      /contains a run of another experiment: .*lossWeighting was "position"/,
    );
  });
});
