import "@tensorflow/tfjs-backend-cpu";
import {
  type Compute,
  COMPUTE,
  createScope,
  evaluate,
  type Experiment,
  experiment,
  MlanError,
  type Plugin,
  type RunEvent,
  runExperiment,
  runFolder,
  TRAINER,
  type UseEntry,
} from "@mlan/core";
import { fakeModelPlugin, memoryBenchmark, plainCompute, temporaryFolder } from "@mlan/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { addingTrainer, all, weightEvaluator } from "./small-run.ts";

let folder: URL;
beforeEach(() => {
  folder = temporaryFolder();
});
/** Creates a compute plugin for TensorFlow.js's backend "cpu" that records in `log` when it is created and opened. */
function loggingCompute(log: string[], open = plainCompute().open): Plugin<Compute> {
  return {
    name: "logging-compute",
    token: COMPUTE,
    settings: { threads: 3 },
    create() {
      log.push("made");
      return {
        ...plainCompute(),
        name: "logging",
        open() {
          log.push("opened");
          return open();
        },
      };
    },
  };
}

/** Creates a plugin that returns the service of another token, and so needs a plugin for that token. */
const needing = (name: string, token: Plugin["token"]): Plugin => ({
  name,
  token: { key: Symbol.for(name), name },
  create: (scope) => scope.get(token),
});

const stages = [evaluate({ name: "asked", benchmarks: [memoryBenchmark("bench", [])], protocol: "strict" })] as const;
const build = (use: readonly UseEntry[]): Experiment => experiment({ name: "small", use, stages });
const run = (value: Experiment): Promise<RunEvent[]> => all(runExperiment(value, { folder }));

describe("`use`", () => {
  it("takes lists of plugins, which plan, manifest and scope see one by one", async () => {
    const trainer = addingTrainer();
    const value = build([fakeModelPlugin(), [loggingCompute([]), trainer], weightEvaluator(), []]);
    expect(value.use.map(({ name }) => name)).toEqual([
      "@mlan/testing/fake-model",
      "logging-compute",
      "adding-trainer",
      "weight-evaluator",
    ]);
    const scope = createScope([[loggingCompute([]), trainer]]);
    expect([scope.get(COMPUTE).name, scope.get(TRAINER).name]).toEqual(["logging", "adding-trainer"]);
    await run(value);
    expect((await runFolder(folder).readManifest())?.plan.plugins).toMatchObject([
      {},
      { name: "logging-compute", settings: { threads: 3 } },
      { name: "adding-trainer" },
      {},
    ]);
  });

  it.each([
    ["what is neither a plugin nor a list", 7, "found 7"],
    ["a function whose call is missing", addingTrainer, "is a call missing"],
    ["a list that holds something else", [addingTrainer(), "onnx"], 'found a list that holds "onnx"'],
    ["lists in lists", [[addingTrainer()]], "found a list that holds a list of 1"],
  ])("refuses %s", (_, entry, found) => {
    const use: readonly unknown[] = [fakeModelPlugin(), entry];
    expect(() => build(use as readonly UseEntry[])).toThrow(
      expect.toSatisfy((error) => MlanError.is(error, "invalid-options")),
    );
    expect(() => build(use as readonly UseEntry[])).toThrow(
      /option "use\.1": expected a plugin or a list of plugins, as returned by generation\(\) and cpuTrainer\(\)/,
    );
    expect(() => build(use as readonly UseEntry[])).toThrow(found);
  });

  it("refuses two computes, and says where they are", () => {
    const use = [fakeModelPlugin(), loggingCompute([]), [loggingCompute([]), addingTrainer()]];
    expect(() => build(use)).toThrow(
      "experiment: use.1 (logging-compute) and use.2 (a list with logging-compute) both provide @mlan/core/compute@1, and only one would be used. Leave one out.",
    );
  });

  it("without a compute says who needs one, and which there are", () => {
    const scope = createScope([needing("@acme/trainer", COMPUTE)]);
    const asking = (): unknown => scope.get({ key: Symbol.for("@acme/trainer"), name: "@acme/trainer" });
    expect(asking).toThrow(expect.toSatisfy((error) => MlanError.is(error, "missing-plugin")));
    expect(asking).toThrow(
      "Nothing provides @mlan/core/compute@1, which @acme/trainer needs. Add a plugin for it to `use`: cpuTrainer() and gpuTrainer() include one, onnx() of @mlan/backend-onnx is one without a trainer.",
    );
  });
});

describe("a run's compute", () => {
  it("is opened before anything is read, and not when all is done", async () => {
    const log: string[] = [];
    const asked = (): Experiment => build([fakeModelPlugin(), loggingCompute(log), weightEvaluator()]);
    const events = await run(asked());
    // By the run, then by the model.
    expect(log).toEqual(["made", "opened", "opened"]);
    expect(events[0]).toEqual({ type: "preflight", subject: "the compute logging" });
    log.length = 0;
    await run(asked());
    expect(log).toEqual(["made"]);
  });

  it("ends the run at once where it cannot be opened", async () => {
    const missing = new MlanError("unavailable", "Run: npm install something");
    const value = build([fakeModelPlugin(), loggingCompute([], () => Promise.reject(missing)), weightEvaluator()]);
    const seen: RunEvent[] = [];
    const running = async (): Promise<void> => {
      for await (const event of runExperiment(value, { folder })) seen.push(event);
    };
    await expect(running()).rejects.toBe(missing);
    expect(seen).toEqual([{ type: "preflight", subject: "the compute logging" }]);
  });
});
