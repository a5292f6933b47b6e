import { likelihood } from "@mlan/eval-likelihood";
import { describe, expect, it } from "vitest";
import { evaluated } from "./evaluated.ts";
import { expectOneRanking, type Way } from "./expect-invariance.ts";
import { type BenchmarkName, benchmarksOf, smallWorld } from "./nine-benchmarks.ts";
import { scratchFolder, tinyModel } from "./tiny-model.ts";

const folder = await scratchFolder();
const benchmarks = benchmarksOf(await smallWorld(new URL("world/", folder)));
const model = await tinyModel(folder);

const WAYS: readonly Way[] = [
  { batchSize: 1, sharePrefixes: false },
  { batchSize: 8, sharePrefixes: true },
  { batchSize: 32, sharePrefixes: true },
];

const NAMES: readonly BenchmarkName[] = [
  "race",
  "openbookqa",
  "boolq",
  "hellaswag",
  "realworldqa",
  "ai2d",
  "pope",
  "scienceqa",
];

describe.each<string>(["paper", "strict"])("protocol %s", (protocol) => {
  it.each(NAMES)(
    "ranks the choices of %s alike in batches of all sizes, with prefixes shared and not",
    async (name) => {
      const choices = await expectOneRanking(model, benchmarks[name], protocol, WAYS);
      expect(choices.size).toBeGreaterThanOrEqual(10);
    },
  );
});

it("ranks yes and no where GQA's paper protocol offers them, and refuses the strict one, which offers nothing", async () => {
  const ranked = await expectOneRanking(model, benchmarks.gqa, "paper", WAYS);
  expect([...ranked.values()].filter((choice) => choice === "")).toHaveLength(ranked.size / 2);
  const refused = evaluated(likelihood(), { model, benchmark: benchmarks.gqa, protocol: "strict" });
  await expect(refused).rejects.toMatchObject({ code: "invalid-options", message: expect.stringContaining("gqa") });
});
