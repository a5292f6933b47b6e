import { readFile, rm } from "node:fs/promises";
import { ai2d } from "@mlan/data-ai2d";
import { boolq } from "@mlan/data-boolq";
import { gqa } from "@mlan/data-gqa";
import { hellaswag } from "@mlan/data-hellaswag";
import { openbookqa } from "@mlan/data-openbookqa";
import { pope } from "@mlan/data-pope";
import { race } from "@mlan/data-race";
import { realworldqa } from "@mlan/data-realworldqa";
import { scienceqa } from "@mlan/data-scienceqa";
import { describeBenchmarkContract } from "@mlan/testing";
import { afterAll, describe, expect, it } from "vitest";
import { benchmarkWorld, questionsOf } from "./benchmark-world.ts";

const world = await benchmarkWorld();
afterAll(() => rm(world.folder, { recursive: true, force: true }));

describeBenchmarkContract(race({ folder: world.race }));
describeBenchmarkContract(openbookqa({ folder: world.openbookqa }));
describeBenchmarkContract(boolq({ folder: world.boolq }));
describeBenchmarkContract(hellaswag({ folder: world.hellaswag }));
describeBenchmarkContract(realworldqa({ folder: world.realworldqa }));
describeBenchmarkContract(ai2d({ folder: world.ai2d }));
describeBenchmarkContract(pope({ folder: world.pope }));
describeBenchmarkContract(gqa({ folder: world.gqa }));
describeBenchmarkContract(scienceqa({ folder: world.scienceqa }));

describe("targets", () => {
  it.each([
    ["race", 200, () => questionsOf(race({ folder: world.race })), "ABCD"],
    ["openbookqa", 200, () => questionsOf(openbookqa({ folder: world.openbookqa })), "ABCD"],
    ["hellaswag", 200, () => questionsOf(hellaswag({ folder: world.hellaswag })), "ABCD"],
    ["ai2d", 180, () => questionsOf(ai2d({ folder: world.ai2d })), "ABCD"],
  ] as const)("of %s fall on every letter equally often", async (_, length, questions, letters) => {
    const targets = (await questions()).map(({ target }) => target);
    expect(targets).toHaveLength(length);
    for (const letter of letters) expect(targets.filter((target) => target === letter)).toHaveLength(length / 4);
  });

  it("of GQA and RealWorldQA are yes as often as no, and no side or letter comes more often", async () => {
    const gqaTargets = (await questionsOf(gqa({ folder: world.gqa }))).map(({ target }) => target);
    const counts = (targets: readonly string[], words: readonly string[]): readonly number[] =>
      words.map((word) => targets.filter((target) => target === word).length);
    expect(gqaTargets).toHaveLength(200);
    expect(counts(gqaTargets, ["yes", "no", "left", "right"])).toEqual([50, 50, 25, 25]);
    const places = (await questionsOf(realworldqa({ folder: world.realworldqa }))).map(({ target }) => target);
    expect(places).toHaveLength(150);
    expect(counts(places, ["Yes", "No"])).toEqual([25, 25]);
    expect(counts(places, ["A", "B", "C"])).toEqual([17, 17, 16]);
  });

  it("of ScienceQA fall on every choice about equally often, whatever the number of choices", async () => {
    const questions = await questionsOf(scienceqa({ folder: world.scienceqa }));
    expect(questions).toHaveLength(200);
    for (const count of [2, 3, 4]) {
      const asked = questions.filter(({ choices }) => choices.length === count);
      const often = Array.from(
        "ABCD".slice(0, count),
        (letter) => asked.filter(({ target }) => target === letter).length,
      );
      expect(Math.max(...often) - Math.min(...often)).toBeLessThanOrEqual(2);
    }
  });
});

describe("clusters", () => {
  it.each([
    ["hellaswag", () => questionsOf(hellaswag({ folder: world.hellaswag })), 2],
    ["ai2d", () => questionsOf(ai2d({ folder: world.ai2d })), 3],
    ["pope", () => questionsOf(pope({ folder: world.pope })), 4],
    ["gqa", () => questionsOf(gqa({ folder: world.gqa })), 4],
  ] as const)("of %s have several questions each", async (_, questions, size) => {
    const clusters = (await questions()).map(({ cluster }) => cluster);
    expect(new Set(clusters).size).toBe(clusters.length / size);
  });

  it("has questions of ScienceQA with an image, with a hint, with both and with neither", async () => {
    const questions = await questionsOf(scienceqa({ folder: world.scienceqa }));
    const kinds = questions.map(({ images, hint }) => `${images.length} ${hint === "" ? "" : "hint"}`);
    for (const kind of ["0 ", "1 ", "0 hint", "1 hint"]) expect(kinds.filter((it) => it === kind)).toHaveLength(50);
  });
});

it("asks in words and of texts that no tuning text has", async () => {
  const files = await Promise.all(
    ["MLAN_mini.json", "MLAN_v_mini.json"].map((name) => readFile(new URL(name, world.mlan), "utf8")),
  );
  const tuning = files.join("\n").toLowerCase();
  const texts = [
    ...(await questionsOf(race({ folder: world.race }))).flatMap(({ article, question }) => [article, question]),
    ...(await questionsOf(openbookqa({ folder: world.openbookqa }))).map(({ stem }) => stem),
    ...(await questionsOf(hellaswag({ folder: world.hellaswag }))).map(({ context }) => context),
    ...(await questionsOf(realworldqa({ folder: world.realworldqa }))).map(({ question }) => question),
    ...(await questionsOf(ai2d({ folder: world.ai2d }))).map(({ question }) => question),
    ...(await questionsOf(gqa({ folder: world.gqa }))).map(({ question }) => question),
    ...(await questionsOf(scienceqa({ folder: world.scienceqa }))).flatMap(({ hint, question }) => [hint, question]),
  ].filter((text) => text !== "");
  expect(texts.length).toBeGreaterThan(1000);
  for (const text of texts) {
    const [line = ""] = text.toLowerCase().split("\n");
    expect(tuning).not.toContain(line);
  }
});
