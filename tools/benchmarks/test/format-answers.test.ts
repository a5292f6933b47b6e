import { cp } from "node:fs/promises";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { generation } from "@mlan/eval-generation";
import { expect, it } from "vitest";
import { answersInFormat, type FormatAnswers, type WeightFormat } from "../format-answers.ts";
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

/** In nats. The untuned backbone is often undecided, and its sentences soon differ after a word that does. */
const SURE = 1;

it("begins at least 98 % of the nine benchmarks' answers at int8 like at float32 where that is sure, and 90 % at int4", async () => {
  const folder = await scratchFolder();
  const weights = new URL("weights/", folder);
  await cp(miniCheckpoint("mini-llama2"), weights, { recursive: true });
  const benchmarks = Object.values(benchmarksOf(await writeMiniworld(new URL("world/", folder), WORLD)));
  const visionTower = miniCheckpoint("mini-clip");
  const ask = (format: WeightFormat): Promise<readonly FormatAnswers[]> =>
    answersInFormat(format, { weights, visionTower, benchmarks, protocol: "strict", evaluator: generation() });
  const exact = await ask("float32");
  const sure = exact.map(
    ({ details }) => new Map([...details].filter(([, { margins: [margin = 0] = [] }]) => margin >= SURE)),
  );
  const count = sure.reduce((sum, { size }) => sum + size, 0);
  expect(count).toBeGreaterThan(120);
  const words = sure.flatMap((details) => [...details.values()].map(({ tokens }) => tokens?.[0]));
  expect(new Set(words).size, "different answers").toBeGreaterThan(3);
  for (const [format, bar] of [
    ["int8", 0.98],
    ["int4", 0.9],
  ] as const) {
    const rounded = await ask(format);
    const equal = sure.map(
      (details, index) =>
        [...details].filter(([id, { tokens }]) => rounded[index]?.details.get(id)?.tokens?.[0] === tokens?.[0]).length,
    );
    expect(equal.reduce((sum, one) => sum + one) / count, format).toBeGreaterThanOrEqual(bar);
  }
});
