import { type Conversation, defineDataset, train } from "@mlan/core";
import { planStudy, type PlanStudyOptions, type Study, type StudyPlan } from "@mlan/study";
import { expect, it } from "vitest";
import { RECIPE } from "../../core/test/small-run.ts";
import { align, ARMS, build, folder, letters, test, tune, useScratchStudies } from "./small-study.ts";

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
