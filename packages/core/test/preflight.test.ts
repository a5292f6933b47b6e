import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import {
  type Conversation,
  type Dataset,
  defineDataset,
  type Evaluator,
  evaluate,
  experiment,
  MlanError,
  type OpenOptions,
  type Plugin,
  runExperiment,
  train,
} from "@mlan/core";
import { alphabetConversations, fakeModelPlugin, memoryDataset } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import { bench, build, folder, letters, refusal, run, stagesOf, weights, useScratchRuns } from "./scratch-run.ts";
import { addingTrainer, all, dataWithImage, RECIPE, weightEvaluator } from "./small-run.ts";

useScratchRuns();

describe("before the first stage", () => {
  it("tells what is looked at, each once", async () => {
    const subjects = (await run()).flatMap((event) => (event.type === "preflight" ? [event.subject] : []));
    const model = "the model @mlan/testing/fake-model";
    expect(subjects).toEqual([model, "the data bench", "the data letters", `every byte of ${model}`]);
  });

  const progress = { source: "acme/letters on the Hub", file: "letters.json", size: 3 };

  it("downloads are told while they last", async () => {
    const events = await run(build({ data: downloaded(({ onDownload }) => onDownload?.({ ...progress, bytes: 2 })) }));
    const index = events.findIndex(({ type }) => type === "download");
    expect(events[index]).toEqual({ type: "download", ...progress, bytes: 2 });
    expect(events[index - 1]).toEqual({ type: "preflight", subject: "the data downloaded" });
  });

  it("a consumer that stops during a download ends it", async () => {
    let aborted = false;
    const data = downloaded(async ({ onDownload, signal }) => {
      onDownload?.({ ...progress, bytes: 2 });
      await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
      aborted = true;
    });
    for await (const { type } of runExperiment(build({ data }), { folder })) if (type === "download") break;
    await expect.poll(() => aborted).toBe(true);
  });

  /** Creates a dataset of conversations that calls `download` when it is opened. */
  function downloaded(download: (options: OpenOptions) => unknown): Dataset<Conversation> {
    const local = memoryDataset("downloaded", alphabetConversations(3));
    return {
      ...local,
      open: async (options = {}) => {
        await download(options);
        return local.open(options);
      },
    };
  }

  it("data that cannot be opened are noticed, and nothing is left behind", async () => {
    const missing = defineDataset<Conversation, Conversation>({
      name: "missing",
      rows: () => Promise.reject(new MlanError("invalid-data", "there is no folder missing/")),
      toExample: (row) => row,
    });
    const { message, events } = await refusal(build({ data: missing }));
    expect(message).toBe("there is no folder missing/");
    expect(stagesOf(events)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it("images that are missing are noticed, with their number", async () => {
    const find = (): Promise<never> => Promise.reject(new MlanError("invalid-data", 'there is no image "a.png".'));
    const image = { name: "a.png", find, read: find };
    const one = dataWithImage("pictures", image);
    const two: Dataset<Conversation> = {
      ...one,
      open: async () => {
        const { at } = await one.open();
        return { length: 3, fingerprint: "rows", at };
      },
    };
    expect((await refusal(build({ data: one }))).message).toBe('there is no image "a.png".');
    expect((await refusal(build({ data: two }))).message).toBe(
      'there is no image "a.png". 2 more images are missing too.',
    );
  });

  it.each([
    ["that is read anyway", undefined],
    ["whose bytes decide what a run continues", async () => ({ stamp: "1 2 3" })],
  ])("an image that the model does not read is noticed, one %s", async (_, find) => {
    const checkImage = ({ name }: { readonly name: string }, bytes: Uint8Array): void => {
      if (bytes[0] !== 0x89) throw new MlanError("invalid-data", `${name} is a web page`);
    };
    const { stages } = build({
      data: dataWithImage("pictures", { name: "a.png", read: async () => new Uint8Array([60]), ...(find && { find }) }),
    });
    const use = [fakeModelPlugin({ weights, checkImage }), addingTrainer(), weightEvaluator()];
    const { message, events } = await refusal(experiment({ name: "small", use, stages }));
    expect(message).toBe("a.png is a web page");
    expect(stagesOf(events)).toEqual([]);
  });

  it("an image that code of its own cannot read is named", async () => {
    const read = (): Promise<never> => Promise.reject(new Error("ENOENT: no such file or directory, open 'a.png'"));
    const { message } = await refusal(build({ data: dataWithImage("pictures", { name: "a.png", read }) }));
    expect(message).toBe(`image "a.png" cannot be read (ENOENT: no such file or directory, open 'a.png').`);
  });

  it("weights that are missing are noticed", async () => {
    await rm(weights);
    const { message, events } = await refusal(build());
    expect(message).toContain("weights cannot be read: ENOENT");
    expect(stagesOf(events)).toEqual([]);
  });

  it("data from which nothing can be learned are noticed, as is a maximum length that leaves nothing", async () => {
    const silent = alphabetConversations(3).map(({ id, turns }) => ({
      id,
      images: [],
      turns: turns.map((turn) => ({ ...turn, supervised: false })),
    }));
    const none = await refusal(build({ data: memoryDataset("silent", silent) }));
    expect(none.message).toMatch(/^trainer: nothing can be learned from silent: none of its 3 conversations has a /);
    expect(stagesOf(none.events)).toEqual([]);
    const empty = await refusal(build({ data: memoryDataset("empty", []) }));
    expect(empty.message).toMatch(/^trainer: nothing can be learned from empty: none of its 0 conversations /);
    const format = { ...RECIPE.format, maximumLength: 2 };
    const short = train({ name: "short", data: letters, recipe: { ...RECIPE, format } });
    const cut = await refusal({ ...build(), stages: [...build().stages, short] });
    expect(cut.message).toMatch(/no assistant text within the maximum length.*and the maximum length 2\.$/);
    expect(stagesOf(cut.events)).toEqual([]);
  });

  it("components that cannot learn as the model is opened are noticed", async () => {
    const plugin = fakeModelPlugin({ weights });
    const checkLearning = (components: readonly string[]): void => {
      throw new MlanError("invalid-options", `cannot learn ${components.join()}`);
    };
    const rounded: typeof plugin = {
      ...plugin,
      create: (scope) => {
        const source = plugin.create(scope);
        return { ...source, inspect: async (options) => ({ ...(await source.inspect!(options)), checkLearning }) };
      },
    };
    const use = [rounded, addingTrainer(), weightEvaluator()];
    const { message, events } = await refusal(experiment({ name: "small", use, stages: build().stages }));
    expect(message).toBe(`cannot learn ${RECIPE.trained.join()}`);
    expect(stagesOf(events)).toEqual([]);
  });

  it("a trainer that only a later stage needs is noticed", async () => {
    const { stages } = build();
    const { message, events } = await refusal(
      experiment({ name: "small", use: [fakeModelPlugin({ weights }), weightEvaluator()], stages }),
    );
    expect(message).toContain("Nothing provides @mlan/core/trainer@1");
    expect(stagesOf(events)).toEqual([]);
  });

  it("images that the model cannot read are noticed", async () => {
    const data = dataWithImage("pictures", { name: "a.png", read: async () => new Uint8Array() });
    const { stages } = build({ data });
    const use = [fakeModelPlugin({ readsImages: false }), addingTrainer(), weightEvaluator()];
    const { message, events } = await refusal(experiment({ name: "small", use, stages }));
    expect(message).toBe(
      "the data pictures have images, and the model @mlan/testing/fake-model accepts none. Give it a vision tower, or use data without images.",
    );
    expect(stagesOf(events)).toEqual([]);
  });

  it("what only the evaluator of a later stage can know is noticed", async () => {
    const evaluator = weightEvaluator();
    const strict: Plugin<Evaluator> = {
      ...evaluator,
      create: (scope) => ({
        ...evaluator.create(scope),
        check: ({ benchmark }) => Promise.reject(new MlanError("invalid-options", `${benchmark.name} has no choices`)),
      }),
    };
    const use = [fakeModelPlugin({ weights }), addingTrainer(), strict];
    const { message, events } = await refusal(experiment({ name: "small", use, stages: build().stages.slice(1) }));
    expect(message).toBe("bench has no choices");
    expect(stagesOf(events)).toEqual([]);
  });

  it("a disk that is too small is noticed", async () => {
    const { message } = await refusal(build({ needsBytes: 1e18 }));
    expect(message).toMatch(
      /^the checkpoints of this run need 1000000000 GB, and the disk of .*run\/ has \d.* GB free\./,
    );
  });

  it.each([
    ["no experiment", {}, "runExperiment takes the value of experiment("],
    ["a plugin's function", { ...build(), use: [fakeModelPlugin] }, "runExperiment takes the value of experiment("],
  ])("%s is refused", async (_, value, message) => {
    await expect(all(runExperiment(value as never, { folder }))).rejects.toThrow(message);
  });

  // prettier-ignore
  it.each([
    ["a stage without data",        () => train({ name: "a", recipe: RECIPE } as never),                              "expected a dataset"],
    ["a misspelt option",           () => train({ name: "a", data: letters, recipe: RECIPE, dta: 1 } as never),       '"dta"'],
    ["a recipe's name",             () => train({ name: "a", data: letters, recipe: "alignment" as never }),          "expected a recipe"],
    ["a benchmark as a dataset",    () => train({ name: "a", data: bench, recipe: RECIPE } as never),                 "found a benchmark"],
    ["a dataset as a benchmark",    () => evaluate({ name: "a", benchmarks: [letters as never], protocol: "paper" }), "expected a benchmark"],
    ["no benchmark",                () => evaluate({ name: "a", benchmarks: [], protocol: "paper" }),                 "at least one benchmark"],
    ["another protocol",            () => evaluate({ name: "a", benchmarks: [bench], protocol: "papr" as never }),    "protocol"],
    ["a plugin that was not called", () => experiment({ name: "a", use: [fakeModelPlugin as never], stages: build().stages }), "is a call missing"],
    ["a stage of another kind",     () => experiment({ name: "a", use: [], stages: [{ name: "x", run() {} } as never] }), "expected a stage"],
  ])("%s is refused where it is written", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.toSatisfy((error) => MlanError.is(error, "invalid-options")));
  });
});
