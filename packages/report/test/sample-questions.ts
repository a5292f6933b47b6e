import type { QuestionView } from "@mlan/run-view";
import type { QuestionSource } from "#internal/pack-questions.ts";

/**
 * Returns questions with answers of two models: the base answers every fifth question correctly, the other model every
 * second.
 */
export function sampleQuestions(
  benchmark: string,
  {
    count = 60,
    models = ["aligned", "tuned"],
    seeds = [],
    question = {},
  }: {
    readonly count?: number;
    readonly models?: readonly string[];
    readonly seeds?: readonly number[];
    readonly question?: Partial<QuestionView>;
  } = {},
): QuestionSource {
  async function* questions(): AsyncIterable<QuestionView> {
    for (let index = 0; index < count; index += 1) {
      const target = index % 3 === 0 ? "yes" : "no";
      yield {
        benchmark,
        id: `${benchmark}-${index}`,
        target,
        choices: [],
        prompt: `Question ${index}: is there a red circle to the left of square number ${(index * 7919) % 1009}? Answer yes or no.`,
        images: [],
        answers: models
          .flatMap((_, model) => (seeds.length > 0 ? seeds : [0]).map((seed) => ({ model, seed })))
          .map(({ model, seed }) => {
            // Seeds and models agree on about two answers of three.
            const correct =
              (index * 31 + (model > 1 || seed > 1 ? ((index * model * 7 + seed * 13) % 11 > 7 ? 1 : 0) : 0)) %
                (model === 0 ? 5 : 2) ===
              0;
            const said = correct ? target : target === "yes" ? "no" : "yes";
            return model === 0 && !correct
              ? { answer: `absent ${index}`, extracted: null, correct }
              : { answer: `${said}.`, extracted: said, correct };
          }),
        ...question,
      };
    }
  }
  return { benchmark, protocol: "strict", models, ...(seeds.length > 0 && { seeds }), questions: questions() };
}
