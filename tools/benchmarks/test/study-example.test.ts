import { evaluate, type Experiment, isBenchmark, type Stage, take, train, type TrainingRecipe } from "@mlan/core";
import { reportPage } from "@mlan/report";
import { viewOfStudy } from "@mlan/run-view";
import { planStudy, readStudy, runStudy, type Study } from "@mlan/study";
import { expect, it } from "vitest";
import example from "../../../examples/language-share-sweep.ts";
import { scratchFolder } from "./tiny-model.ts";

const ARMS = ["base", "language-50"];

/** The study with one seed, two arms, two steps a training and two questions a benchmark. */
function shortened(study: Study): Study {
  const runs = study.runs
    .filter(({ arm, seed }) => ARMS.includes(arm) && seed === 1)
    .map((run) => ({ ...run, experiment: { ...run.experiment, stages: run.experiment.stages.map(short) } }));
  return { ...study, arms: study.arms.filter(({ name }) => ARMS.includes(name)), seeds: [1], runs };
}

function short({ name, data, asks, settings }: Stage): Stage {
  if (!data) {
    const benchmarks = (asks?.benchmarks ?? []).filter(isBenchmark).map((benchmark) => take(benchmark, 2));
    return evaluate({ name, benchmarks, protocol: "strict" });
  }
  const { recipe } = settings as { readonly recipe: TrainingRecipe };
  return train({ name, data: take(data, 64), recipe: { ...recipe, epochs: 1, maximumSteps: 2, checkpointEvery: 2 } });
}

it("the study of both backbones has 42 runs, with six shares of language and three seeds", () => {
  const shares = [undefined, 0, 6, 25, 50, 87.5, 100];
  expect(example.arms.map(({ value }) => value)).toEqual(shares);
  expect(example.models).toEqual(["llama2", "vicuna"]);
  expect(example.runs).toHaveLength(42);
  const stages = ({ stages }: Experiment): readonly string[] => stages.map(({ name }) => name);
  expect(example.runs.map(({ experiment }) => stages(experiment).length)).toEqual(
    example.runs.map(({ arm }) => (arm === "base" ? 2 : 3)),
  );
  for (const { experiment } of example.runs) expect(experiment.stages.at(-1)?.asks?.benchmarks).toHaveLength(9);
});

it("a small version of the study is planned, runs, and has a page with the losses of both kinds of data", async () => {
  const folder = new URL("study/", await scratchFolder());
  const study = shortened(example);
  for await (const event of planStudy(study, { folder })) {
    if (event.type !== "study-plan") continue;
    const { tasks, disk } = event.plan;
    expect(tasks.map(({ task, runs }) => [task.kind, runs])).toEqual(
      ["llama2", "vicuna"].flatMap(() => [["shared", 2], ...ARMS.map(() => ["run", 1])]),
    );
    expect(disk.neededBytes).toBeGreaterThan(0);
  }
  for await (const event of runStudy(study, { folder }))
    if (event.type === "task-end") expect(event).toMatchObject({ state: "done" });
  const view = await viewOfStudy(await readStudy(folder));
  expect(view.models.map(({ label, languageShare }) => [label, languageShare])).toEqual(
    ["llama2", "vicuna"].flatMap((model) => [
      [`${model}/base`, undefined],
      [`${model}/language-50`, 0.5],
    ]),
  );
  expect(view.results).toHaveLength(4 * 9);
  const mixed = view.curves.filter(({ run, stage }) => run.includes("language-50") && stage === "tune");
  expect(mixed.map(({ source }) => source)).toEqual(["all", "dataset", "dataset", "all", "dataset", "dataset"]);
  const page = await reportPage(view, { questions: [] });
  for (const part of ["tune, MLAN_mini", "tune, vision_mini"]) expect(page).toContain(part);
}, 240_000);
