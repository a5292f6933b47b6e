import { cp } from "node:fs/promises";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { generation } from "@mlan/eval-generation";
import { expect, it } from "vitest";
import { answersInFormat, equalAnswers, type FormatAnswers, type WeightFormat } from "../format-answers.ts";
import { benchmarksOf } from "./nine-benchmarks.ts";
import { scratchFolder } from "./tiny-model.ts";

/** About 30 questions of each benchmark. */
const WORLD = {
  raceArticles: 15,
  openbookqaQuestions: 30,
  boolqQuestions: 30,
  hellaswagSources: 10,
  realworldqaImages: 30,
  ai2dImages: 10,
  popeImages: 10,
  gqaImages: 10,
  scienceqaImages: 8,
  captions: 0,
  instructions: 0,
};

it("answers at least 98 % of the nine benchmarks' questions at int8 like at float32, and 90 % at int4", async () => {
  const folder = await scratchFolder();
  const weights = new URL("weights/", folder);
  await cp(miniCheckpoint("mini-llama2"), weights, { recursive: true });
  const benchmarks = Object.values(benchmarksOf(await writeMiniworld(new URL("world/", folder), WORLD)));
  const visionTower = miniCheckpoint("mini-clip");
  const ask = (format: WeightFormat): Promise<readonly FormatAnswers[]> =>
    answersInFormat(format, { weights, visionTower, benchmarks, protocol: "strict", evaluator: generation() });
  const exact = await ask("float32");
  const texts = exact.flatMap((one) => [...one.texts.values()]);
  expect(texts.length).toBeGreaterThan(200);
  expect(new Set(texts).size, "different answers").toBeGreaterThan(3);
  for (const [format, bar] of [
    ["int8", 0.98],
    ["int4", 0.9],
  ] as const) {
    const equal = (await ask(format)).map((one, index) => equalAnswers(exact[index] ?? one, one).equal);
    expect(equal.length).toBe(exact.length);
    expect(equal.reduce((sum, one) => sum + one) / texts.length, format).toBeGreaterThanOrEqual(bar);
  }
});
