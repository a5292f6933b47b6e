import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { concat, type Conversation, type Dataset } from "@mlan/core";
import { type Miniworld, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { contamination } from "@mlan/eval-contamination";
import { memoryDataset } from "@mlan/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MARKS } from "../../miniworld/frame.ts";
import { PHASES } from "../../miniworld/phases.ts";
import { benchmarksOf } from "./nine-benchmarks.ts";

let root: string;
let world: Miniworld;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "miniworld-contamination-"));
  world = await writeMiniworld(pathToFileURL(`${root}/world/`), { seed: 7, captions: 0, instructions: 1600 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

it("finds no question of the nine benchmarks in the miniworld's tuning data, and no picture's file", async () => {
  const parts = ["MLAN_mini.json", "vision_mini.json"].map((name) => mlan({ file: new URL(name, world.mlan) }));
  await expectNoLeaks(concat(...parts), 3200);
});

it("finds no question of the nine benchmarks in the text on which the shipped models were pretrained", async () => {
  const texts = PHASES.flatMap(({ name, example, steps }) =>
    Array.from({ length: 10 * steps }, (_, index): Conversation => {
      // Every third text of the run, which had 32 texts per step and seed 1.
      const turns = example(1, 3 * index);
      const strip = (text: string): string => text.replaceAll(MARKS.start, "").replaceAll(MARKS.end, "");
      return {
        id: `${name} ${3 * index}`,
        images: [],
        turns: turns.map((turn) => ({ ...turn, text: strip(turn.text) })),
      };
    }),
  );
  await expectNoLeaks(memoryDataset("pretraining", texts), texts.length);
});

async function expectNoLeaks(mixture: Dataset<Conversation>, examples: number): Promise<void> {
  const report = await contamination({ mixture, benchmarks: Object.values(benchmarksOf(world)) });
  expect(report.mixture.examples).toBe(examples);
  expect(report.benchmarks).toHaveLength(9);
  for (const { benchmark, contaminated } of report.benchmarks) {
    // Pictures of 48 pixels look alike to the hash although no scene is in both parts of the world.
    const leaks = contaminated.flatMap((question) => question.leaks.filter(({ kind }) => kind !== "same-picture"));
    expect({ benchmark, leaks }).toEqual({ benchmark, leaks: [] });
  }
}
