import { appendFile, writeFile } from "node:fs/promises";
import {
  type Conversation,
  type Dataset,
  evaluate,
  experiment,
  runExperiment,
  type StageContext,
  type TrainEvent,
} from "@mlan/core";
import { memoryBenchmark, memoryDataset } from "@mlan/testing";
import { describe, expect, it, vi } from "vitest";
import { build, folder, optionsOf, run, runUntil, useScratchRuns, weights } from "./scratch-run.ts";
import { dataWithImage } from "./small-run.ts";

useScratchRuns();

describe("content that changes in place", () => {
  const rows = (text: string): Dataset<Conversation> => {
    const turns = [
      { role: "user", text: "a" },
      { role: "assistant", text },
    ] as const;
    return memoryDataset("letters", [{ id: "0", turns, images: [] }]);
  };

  it("of the weights is refused, between two starts and after a kill", async () => {
    await run();
    await writeFile(weights, "other weights");
    await expect(run()).rejects.toThrow(
      "the files of the model @mlan/testing/fake-model have changed since this run began (weights differs)",
    );
    await writeFile(weights, "first weights"); // touched, and the same again
    expect((await run()).filter((event) => event.type === "stage-end")).toMatchObject([{ skipped: true }, {}, {}]);
  });

  it("of weights is not looked for again while their stamp is the same", async () => {
    const bytesRead = async (): Promise<boolean> =>
      (await run()).some((event) => event.type === "preflight" && event.subject.startsWith("every byte of the model"));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3000 });
    try {
      expect(await bytesRead()).toBe(true);
      expect(await bytesRead()).toBe(false);
      await writeFile(weights, "first weights");
      vi.setSystemTime(Date.now() + 3000);
      expect(await bytesRead()).toBe(true);
      expect(await bytesRead()).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it("of rows is refused", async () => {
    await expect(run(build({ data: rows("b"), diesAt: 2 }))).rejects.toThrow("killed");
    await expect(run(build({ data: rows("c") }))).rejects.toThrow(
      'the rows of the data letters have changed since stage "tune" began',
    );
    await run(build({ data: rows("b") }));
  });

  it("of rows is refused while an earlier stage runs", async () => {
    let opened = 0;
    const changing: Dataset<Conversation> = { ...rows("b"), open: () => rows(opened++ === 0 ? "b" : "c").open() };
    const [, tune] = build({ data: changing }).stages;
    const stages = [{ ...tune, name: "tune", kind: "train" as const, settings: {}, run: readsData, data: changing }];
    await expect(run(experiment({ ...optionsOf(build()), stages }))).rejects.toThrow(
      'the rows of the data letters have changed between the start of this run and that of stage "tune"',
    );
  });

  it("of a benchmark is refused while an earlier stage runs", async () => {
    let target = "a";
    const questions = (): ReturnType<typeof memoryBenchmark> =>
      memoryBenchmark("bench", [{ id: "0", target, text: "?", images: [] }]);
    const changing = { ...questions(), open: () => questions().open() };
    const ask = evaluate({ name: "ask", benchmarks: [changing], protocol: "strict" });
    const reading = { ...ask, run: opensBenchmarks };
    const value = experiment({ ...optionsOf(build()), stages: [...build().stages.slice(0, 1), reading] });
    const steps = async (): Promise<void> => {
      for await (const event of runExperiment(value, { folder })) if (event.type === "stage-start") target = "b";
    };
    await expect(steps()).rejects.toThrow(
      'the rows of the data bench have changed between the start of this run and that of stage "ask"',
    );
  });

  it("of images is refused, whatever finds them", async () => {
    const image = (bytes: string): Dataset<Conversation> =>
      dataWithImage("pictures", { name: "a.png", read: async () => Buffer.from(bytes) });
    await expect(run(build({ data: image("one"), diesAt: 2 }))).rejects.toThrow("killed");
    await expect(run(build({ data: image("two") }))).rejects.toThrow("the images of the data pictures have changed");
    await run(build({ data: image("one") }));
  });

  it("of images is looked at by stamp first, and read when the stamp differs", async () => {
    let reads = 0;
    const image = (stamp: string, bytes: string): Dataset<Conversation> =>
      dataWithImage("pictures", {
        name: "a.png",
        find: async () => ({ stamp }),
        read: async () => {
          reads++;
          return Buffer.from(bytes);
        },
      });
    await run(build({ data: image("1", "one") }));
    expect(reads).toBe(1);
    await run(build({ data: image("1", "one") }));
    expect(reads).toBe(1);
    await run(build({ data: image("2", "one") }));
    expect(reads).toBe(2);
    await expect(run(build({ data: image("3", "two") }))).rejects.toThrow("the images of the data pictures");
  });

  it("of the checkpoint that later stages start from is refused", async () => {
    await runUntil((event) => event.type === "stage-end" && event.stage === "tune");
    const list = new URL("checkpoints/tune/step-3/checksums.json", folder);
    await appendFile(list, " ");
    await expect(run()).rejects.toThrow('the checkpoint of stage "tune"');
  });
});

async function* opensBenchmarks({ benchmarks }: StageContext): AsyncGenerator<never> {
  for (const benchmark of benchmarks) await benchmark.open();
  yield* [];
}

async function* readsData({ data }: StageContext): AsyncGenerator<TrainEvent> {
  const steps = (await data?.open())?.length ?? 0;
  yield { type: "train-end", steps, folder };
}
