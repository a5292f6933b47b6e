import { wordsOf } from "#internal/words.ts";
import { contamination } from "@mlan/eval-contamination";
import { memoryBenchmark, memoryDataset } from "@mlan/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { conversation } from "./synthetic-text.ts";

const NGRAM = 4;
/** Texts of few different words, so that sequences of words repeat within and between texts. */
const text = (length: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom("a", "a", "b"), { maxLength: length }).map((words) => words.join(" "));

it("finds the runs of words and the whole texts that a naive search finds", async () => {
  const benchmark = fc.array(text(14), { minLength: 1, maxLength: 9 });
  const mixture = fc.array(text(20), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(benchmark, benchmark, mixture, async (first, second, talks) => {
      // Own first and last words, so that no beginning or end is the benchmark's wording.
      const asked = (name: string, texts: readonly string[]): readonly string[] =>
        texts.map((text, index) => `${name}${index} ${text} end${name}${index}`);
      const all = { x: asked("x", first), y: asked("y", second) };
      // Every question's text stands in the mixture in some runs; some stand in it as a whole.
      const texts = [...talks, ...all.x.slice(0, 1), `a ${all.y.at(-1)} b`];
      const { benchmarks } = await contamination({
        mixture: memoryDataset(
          "mixture",
          texts.map((text, index) => conversation(String(index), text, "-")),
        ),
        benchmarks: Object.entries(all).map(([name, questions]) =>
          memoryBenchmark(
            name,
            questions.map((text, index) => ({ id: String(index), text, target: "x", images: [] })),
          ),
        ),
        ngram: NGRAM,
      });
      for (const { benchmark, contaminated } of benchmarks) {
        const questions = benchmark === "x" ? all.x : all.y;
        const found = (kind: string): readonly string[] =>
          contaminated.filter(({ leaks }) => leaks.some((leak) => leak.kind === kind)).map(({ id }) => id);
        expect(found("n-gram")).toEqual(naiveRuns(questions, texts));
        expect(found("exact-text")).toEqual(naiveTexts(questions, texts));
      }
    }),
    { numRuns: 300 },
  );
});

function naiveRuns(questions: readonly string[], texts: readonly string[]): readonly string[] {
  const runs = questions.map(runsOf);
  const known = new Set(texts.flatMap((text) => [...runsOf(text)]));
  return runs.flatMap((own, index) => {
    const isEvidence = (run: string): boolean => runs.filter((other) => other.has(run)).length <= 3;
    return [...own].some((run) => known.has(run) && isEvidence(run)) ? [String(index)] : [];
  });
}

function naiveTexts(questions: readonly string[], texts: readonly string[]): readonly string[] {
  return questions.flatMap((question, index) => {
    const words = wordsOf(question);
    const isFound = texts.some((text) =>
      words.length >= 8
        ? ` ${wordsOf(text).join(" ")} `.includes(` ${words.join(" ")} `)
        : words.length >= 3 && wordsOf(text).join(" ") === words.join(" "),
    );
    return isFound ? [String(index)] : [];
  });
}

function runsOf(text: string): ReadonlySet<string> {
  const words = wordsOf(text);
  return new Set(words.slice(NGRAM - 1).map((_, at) => words.slice(at, at + NGRAM).join(" ")));
}
