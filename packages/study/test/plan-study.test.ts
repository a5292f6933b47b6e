import { type Conversation, defineDataset, mix, type Stage, train } from "@mlan/core";
import { planStudy, type PlanStudyOptions, type Study, type StudyPlan } from "@mlan/study";
import { expect, it } from "vitest";
import { RECIPE } from "../../core/test/small-run.ts";
import { align, ARMS, build, folder, letters, run, test, tune, useScratchStudies } from "./small-study.ts";

useScratchStudies();

async function plan(study: Study, options: Partial<PlanStudyOptions> = {}): Promise<StudyPlan> {
  for await (const event of planStudy(study, { folder, ...options }))
    if (event.type === "study-plan") return event.plan;
  throw new Error("there is no plan");
}

const missing = defineDataset<Conversation, Conversation>({
  name: "missing",
  rows: () => Promise.reject(new Error("no such file")),
  toExample: (row) => row,
});
const broken = [align, tune(missing), test];

it("plans each stage once, and counts the runs that share it", async () => {
  const { tasks, problems } = await plan(build());
  expect(problems).toEqual([]);
  expect(tasks.map(({ task, runs, stages }) => [task.label, runs, stages.map(({ name }) => name)])).toEqual([
    ["align, small, seed 1", 3, ["align"]],
    ["base, small, seed 1", 1, ["test"]],
    ["language, small, seed 1", 1, ["tune", "test"]],
    ["vision, small, seed 1", 1, ["tune", "test"]],
  ]);
});

it("reads the data of a stage once, which several arms have in common", async () => {
  let opened = 0;
  const captions = letters("captions");
  const counted: typeof captions = {
    ...captions,
    open(options) {
      opened++;
      return captions.open(options);
    },
  };
  const before = train({ name: "align", data: counted, recipe: { ...RECIPE, trained: ["projector"] } });
  const arms = { base: [before, test], language: [before, tune(letters("language")), test] };
  const { tasks, problems } = await plan(build({ arms }));
  expect([opened, problems]).toEqual([1, []]);
  expect(tasks.map(({ stages }) => stages.map(({ name }) => name))).toEqual([["align"], ["test"], ["tune", "test"]]);
});

it("opens data once that the mixtures of several arms have in common", async () => {
  const opened: string[] = [];
  const counted = (name: string): ReturnType<typeof letters> => {
    const data = letters(name);
    return {
      ...data,
      open: (options) => {
        opened.push(name);
        return data.open(options);
      },
    };
  };
  const [language, vision] = [counted("language"), counted("vision")];
  const mixed = (share: number): Stage => {
    const parts = [
      { data: language, share },
      { data: vision, share: 2 - share },
    ];
    return tune(mix(parts, { total: 2, seed: 1 }));
  };
  const arms = Object.fromEntries([0, 1, 2].map((share) => [`share-${share}`, [align, mixed(share), test]]));
  const { tasks, problems } = await plan(build({ arms, models: ["small", "other"] }), { folder });
  expect(problems).toEqual([]);
  expect(tasks.filter(({ stages }) => stages.some(({ name }) => name === "tune"))).toHaveLength(6);
  expect(opened.toSorted()).toEqual(["language", "vision"]);
});

it("counts the process as it is when the first arm is planned, so that equal stages have equal plans", async () => {
  const total = 1e6;
  const needing = (stage: Stage): Stage => ({
    ...stage,
    plan: async () => ({
      parameters: { trained: 0, frozen: 0 },
      memory: { parts: { weights: total }, total },
      changes: () => [],
    }),
  });
  const kept: Buffer[] = [];
  // Opening the data of each arm takes memory, which the process keeps.
  const growing = (name: string): ReturnType<typeof letters> => {
    const data = letters(name);
    return {
      ...data,
      open: (options) => {
        kept.push(Buffer.alloc(32e6, 1));
        return data.open(options);
      },
    };
  };
  const armOf = (name: string): readonly Stage[] => [needing(tune(growing(name))), needing(test)];
  const { tasks } = await plan(build({ arms: { one: armOf("one"), two: armOf("two") } }));
  const [one, two] = tasks.map(({ stages }) => stages.map((stage) => stage.memory));
  expect(one).toMatchObject([{ parts: { weights: total } }, { parts: { weights: total } }]);
  expect([two, kept.length]).toEqual([one, 2]);
});

it("divides the memory among as many processes as there are runs, done or not", async () => {
  const limitOf = async (processes: number): Promise<number | undefined> =>
    (await plan(build(), { memory: 12e9, processes })).memoryLimit;
  expect(await Promise.all([1, 2, 3, 8].map(limitOf))).toEqual([12e9, 6e9, 4e9, 4e9]);
  await run(build(), { only: { arms: ["base", "vision"] } });
  expect(await Promise.all([1, 8].map(limitOf))).toEqual([12e9, 4e9]);
  await run();
  expect(await limitOf(8)).toBe(4e9);
});

it("goes on after an arm whose data cannot be read, and names it once", async () => {
  const { tasks, problems } = await plan(build({ arms: { broken, ...ARMS }, seeds: [1, 2] }));
  expect(problems).toEqual([
    { model: "small", arm: "broken", message: expect.stringContaining("missing: its rows cannot be read") },
  ]);
  expect(tasks.filter(({ fails }) => fails).map(({ task, stages }) => [task.label, stages])).toEqual([
    ["broken, small, seed 1", []],
    ["broken, small, seed 2", []],
  ]);
  // The stage that it shares is planned by another arm.
  expect(tasks[0]).toMatchObject({ task: { label: "align, small, seed 1" }, runs: 4, stages: [{ name: "align" }] });
});

it("plans only what is selected", async () => {
  const { tasks, problems } = await plan(build({ arms: { broken, ...ARMS } }), { only: { arms: ["base"] } });
  expect([tasks.map(({ task }) => task.label), problems]).toEqual([
    ["align, small, seed 1", "base, small, seed 1"],
    [],
  ]);
});

it("throws the error where no arm can be planned", async () => {
  await expect(plan(build({ arms: { broken } }))).rejects.toThrow("missing: its rows cannot be read");
});
