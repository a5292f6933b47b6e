import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { concat } from "@mlan/core";
import { writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { contamination } from "@mlan/eval-contamination";
import { afterAll, expect, it } from "vitest";
import { benchmarksOf } from "./nine-benchmarks.ts";

const root = await mkdtemp(join(tmpdir(), "miniworld-contamination-"));
afterAll(() => rm(root, { recursive: true, force: true }));

it("finds no question of the nine benchmarks in the miniworld's tuning data, and no picture's file", async () => {
  const world = await writeMiniworld(pathToFileURL(`${root}/world/`), { seed: 7, captions: 0, instructions: 1600 });
  const parts = ["MLAN_mini.json", "vision_mini.json"].map((name) => mlan({ file: new URL(name, world.mlan) }));
  const report = await contamination({ mixture: concat(...parts), benchmarks: Object.values(benchmarksOf(world)) });
  expect(report.mixture.examples).toBe(3200);
  expect(report.benchmarks).toHaveLength(9);
  for (const { benchmark, contaminated } of report.benchmarks) {
    // Pictures of 48 pixels look alike to the hash although no scene is in both parts of the world.
    const leaks = contaminated.flatMap((question) => question.leaks.filter(({ kind }) => kind !== "same-picture"));
    expect({ benchmark, leaks }).toEqual({ benchmark, leaks: [] });
  }
});
