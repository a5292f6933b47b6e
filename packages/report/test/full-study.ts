import type { View } from "@mlan/run-view";
import type { QuestionSource } from "#internal/pack-questions.ts";
import { sampleQuestions } from "./sample-questions.ts";
import { sampleView } from "./sample-view.ts";

/** The study of `npm run study`: two backbones, a base and six shares, three seeds, nine benchmarks of 200 questions. */
export function fullStudy(): [View, { readonly questions: readonly QuestionSource[] }] {
  const models = ["llama2", "vicuna"].flatMap((backbone) =>
    ["base", "0", "6", "25", "50", "87.5", "100"].map((share) => `${backbone}/language-${share}`),
  );
  const view = sampleView({ models, seeds: 3, isStudy: true, pointsPerCurve: 200 });
  // Each run has the losses of all data and of two datasets.
  const curves = view.curves.flatMap((curve) => [
    curve,
    ...["MLAN_mini", "vision_mini"].map((dataset) => ({ ...curve, source: "dataset" as const, dataset })),
  ]);
  const questions = view.benchmarks.map(({ benchmark }) =>
    sampleQuestions(benchmark, { count: 200, models, seeds: [1, 2, 3] }),
  );
  return [{ ...view, curves }, { questions }];
}
