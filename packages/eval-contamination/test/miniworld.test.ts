import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { concat } from "@mlan/core";
import { boolq } from "@mlan/data-boolq";
import { type Miniworld, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { pope } from "@mlan/data-pope";
import { contamination } from "@mlan/eval-contamination";
import { memoryDataset } from "@mlan/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { conversation } from "./synthetic-text.ts";

let root: string;
let world: Miniworld;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "contamination-"));
  world = await writeMiniworld(pathToFileURL(`${root}/world/`), { captions: 10 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

it("finds nothing of the benchmarks in the tuning data of the miniworld, and each question that is added", async () => {
  const tuning = mlan({ file: new URL("MLAN_v_mini.json", world.mlan) });
  const benchmarks = [boolq({ folder: world.boolq }), pope({ folder: world.pope })] as const;
  const clean = await contamination({ mixture: tuning, benchmarks });
  expect(clean.mixture.examples).toBe(3200);
  expect(clean.benchmarks).toMatchObject([
    { benchmark: "boolq", questions: 300, contaminated: [], textOnly: [], unsearchable: 0 },
    { benchmark: "pope", questions: 300, contaminated: [], textOnly: [], unsearchable: 0 },
  ]);

  const stories = await benchmarks[0].open();
  const pictures = await benchmarks[1].open();
  const [story, picture] = [await stories.at(17), await pictures.at(41)];
  const leaks = memoryDataset("leaks", [
    conversation("story", `${story.passage}\n\n${story.question}?`),
    conversation("picture", "<image>\nWhat do you see?", "Shapes.", picture.images),
  ]);
  const { benchmarks: found } = await contamination({ mixture: concat(tuning, leaks), benchmarks });
  const idsOf = (index: number): readonly string[] | undefined => found[index]?.contaminated.map(({ id }) => id);
  expect(idsOf(0)).toContain(story.id);
  // Four questions are on each image.
  expect(idsOf(1)).toHaveLength(4);
  expect(idsOf(1)).toContain(picture.id);
});
