import { describe, expect, it } from "vitest";
import { expectOneAnswerEach, type Way } from "./expect-invariance.ts";
import { type BenchmarkName, benchmarksOf, smallWorld } from "./nine-benchmarks.ts";
import { scratchFolder, tinyModel } from "./tiny-model.ts";

const PROTOCOLS: readonly string[] = ["paper", "strict"];

const WAYS: readonly Way[] = [false, true].flatMap((sharePrefixes) =>
  [1, 8, 32].map((batchSize) => ({ batchSize, sharePrefixes })),
);

/** Checks that an answer does not depend on its batch. */
export async function describeAnswers(names: readonly BenchmarkName[]): Promise<void> {
  const folder = await scratchFolder();
  const benchmarks = benchmarksOf(await smallWorld(new URL("world/", folder)));
  const model = await tinyModel(folder);

  describe.each(PROTOCOLS)("protocol %s", (protocol) => {
    it.each(names)("answers %s alike in batches of 1, 8 and 32, with prefixes shared and not", async (name) => {
      const { answers, costs } = await expectOneAnswerEach(model, benchmarks[name], protocol, WAYS);
      expect(answers.size).toBeGreaterThanOrEqual(10);
      expect(new Set(answers.values()).size, "different answers").toBeGreaterThan(7);
      const [{ positions: whole } = { positions: { prompts: 0, computed: 0 } }] = costs;
      for (const { way, positions } of costs) {
        expect(positions.prompts).toBe(whole.prompts);
        if (!way.sharePrefixes) expect(positions.computed).toBe(whole.prompts);
        else expect(positions.computed / whole.prompts).toBeLessThan(LARGEST_SHARE[name]);
      }
    });
  });
}

/**
 * Maximum fraction of the positions that are computed once with shared prefixes. Some benchmarks share only the
 * beginning of the prompt, others also an article, story or image.
 */
const LARGEST_SHARE: Readonly<Record<BenchmarkName, number>> = {
  race: 1,
  openbookqa: 1,
  boolq: 1,
  hellaswag: 0.95,
  realworldqa: 1,
  ai2d: 0.8,
  pope: 0.7,
  gqa: 0.8,
  scienceqa: 1,
};
