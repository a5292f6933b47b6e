import { readRun, runExperiment } from "@mlan/core";
import { viewOf } from "@mlan/run-view";
import { expect, it } from "vitest";
import benchmark, { colors } from "../../../examples/custom-benchmark.ts";
import dataset from "../../../examples/custom-dataset.ts";
import { scratchFolder } from "./tiny-model.ts";

it("the example of an own dataset trains, and records its licence and its losses", async () => {
  const folder = await scratchFolder();
  for await (const event of runExperiment(dataset, { folder })) void event;
  const { curves, provenance } = await viewOf(folder, { answers: false });
  expect(curves.map((curve) => curve.dataset)).toEqual([undefined, "MLAN_mini", "example/opposites"]);
  expect(provenance.datasets[0]?.sources).toContainEqual({
    name: "example/opposites",
    card: expect.objectContaining({ license: "CC0-1.0", source: "https://example.org/opposites" }),
  });
});

it("the example of an own benchmark is asked by both protocols, whose results stay apart", async () => {
  const folder = await scratchFolder();
  for await (const event of runExperiment(benchmark, { folder })) void event;
  const { results } = await readRun(folder);
  expect(results.map(({ benchmark, protocol, questions }) => [benchmark, protocol, questions])).toEqual([
    ["colors", "strict", 12],
    ["colors", "paper", 12],
  ]);
  const { comparisons } = await viewOf(folder);
  expect(comparisons.flatMap(({ benchmarks }) => benchmarks)).toEqual([]);
  const first = await (await colors().open()).at(0);
  expect(first).toMatchObject({ target: "A", text: "Nora has a red circle. What color is the circle?" });
});
