import { clustersOf } from "@mlan/statistics";
import { type KeptAnswers, type LoadedRun, placeOf } from "./loaded-run.ts";
import type { LoadedModel } from "./models.ts";
import { meanOf } from "./seed-spread.ts";
import type { BenchmarkView } from "./view.ts";

/** Describes every benchmark and protocol that any model was asked, in the order in which they were asked. */
export function benchmarksOf(models: readonly LoadedModel[]): readonly BenchmarkView[] {
  const found = new Map<string, BenchmarkView>();
  for (const { loaded, stage } of models.flatMap(({ evaluations }) => evaluations)) {
    for (const result of loaded.results.filter((one) => one.stage === stage)) {
      const { benchmark, protocol, questions, questionsInBenchmark, metrics } = result;
      const key = JSON.stringify([benchmark, protocol]);
      const known = found.get(key);
      if (known?.clusters !== undefined) continue;
      const modality = modalityOf(loaded, stage, benchmark);
      const answers = loaded.answers.get(placeOf(stage, benchmark));
      found.set(key, {
        benchmark,
        protocol,
        ...(modality && { modality }),
        metric: Object.keys(metrics)[0] ?? "",
        ...(answers && fromAnswers(answers)),
        questions,
        ...(questionsInBenchmark !== undefined && { questionsInBenchmark }),
      });
    }
  }
  return [...found.values()];
}

function modalityOf({ run }: LoadedRun, stage: string, benchmark: string): BenchmarkView["modality"] {
  return run?.manifest.stages[stage]?.data?.[benchmark]?.sources?.[0]?.card.modality;
}

function fromAnswers({ answers }: KeptAnswers): Pick<BenchmarkView, "chance" | "majority" | "clusters"> {
  if (answers.length === 0) return {};
  const chance = chanceOf(answers);
  const targets = new Map<string, number>();
  for (const { target } of answers) targets.set(target, (targets.get(target) ?? 0) + 1);
  return {
    ...(chance !== undefined && { chance }),
    majority: [...targets.values()].reduce((most, count) => Math.max(most, count), 0) / answers.length,
    clusters: clustersOf(answers.map(({ cluster }) => cluster)).length,
  };
}

function chanceOf(answers: KeptAnswers["answers"]): number | undefined {
  if (answers.every(({ choices }) => choices > 1)) return meanOf(answers.map(({ choices }) => 1 / choices));
  const isBinary = answers.every(({ target }) => target === "yes" || target === "no");
  return isBinary ? 1 / 2 : undefined;
}
