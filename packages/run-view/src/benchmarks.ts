import type { StageResult } from "@mlan/core";
import { clustersOf } from "@mlan/statistics";
import { guessingOf } from "./guessing.ts";
import { type KeptAnswers, type LoadedRun, placeOf } from "./loaded-run.ts";
import type { LoadedModel } from "./models.ts";
import { meanOf } from "./seed-spread.ts";
import type { BenchmarkView } from "./view.ts";

/** Describes every benchmark and protocol that any model was asked, in the order in which they were asked. */
export function benchmarksOf(models: readonly LoadedModel[]): readonly BenchmarkView[] {
  const found = new Map<string, Asked[]>();
  for (const { loaded, stage } of models.flatMap(({ evaluations }) => evaluations)) {
    for (const result of loaded.results.filter((one) => one.stage === stage)) {
      const key = JSON.stringify([result.benchmark, result.protocol]);
      const answers = loaded.answers.get(placeOf(stage, result.benchmark));
      const modality = modalityOf(loaded, stage, result.benchmark);
      const one = { result, ...(answers?.answers.length && { answers }), ...(modality && { modality }) };
      found.set(key, [...(found.get(key) ?? []), one]);
    }
  }
  return [...found.values()].flatMap(benchmarkOf);
}

/** One evaluation of a benchmark. */
interface Asked {
  readonly result: StageResult;
  readonly answers?: KeptAnswers;
  readonly modality?: NonNullable<BenchmarkView["modality"]>;
}

/** Describes a benchmark from the first evaluation that has answers, if possible all of them. */
function benchmarkOf(all: readonly Asked[]): readonly BenchmarkView[] {
  const whole = all
    .filter(({ answers }) => answers && answers.answers.length === answers.questions)
    // Answers of earlier versions lack the kinds of questions.
    .toSorted((first, second) => Number(hasKinds(second)) - Number(hasKinds(first)));
  const one = whole[0] ?? all.find(({ answers }) => answers !== undefined) ?? all[0];
  if (!one) return [];
  const { result, answers, modality } = one;
  const { benchmark, protocol, questions, questionsInBenchmark, metrics } = result;
  // The level belongs to these questions, so it is unknown where models were asked different ones.
  const isSame = all.every((other) => other.result.fingerprints.questions === result.fingerprints.questions);
  const isKnown = isSame && whole.every(isShareOfCorrect);
  const guessing = isKnown && whole[0]?.answers ? guessingOf(whole[0].answers.answers) : undefined;
  return [
    {
      benchmark,
      protocol,
      ...(modality && { modality }),
      metric: Object.keys(metrics)[0] ?? "",
      ...(guessing && { guessing }),
      questions,
      ...(questionsInBenchmark !== undefined && { questionsInBenchmark }),
      ...(answers && { clusters: clustersOf(answers.answers.map(({ cluster }) => cluster)).length }),
    },
  ];
}

function hasKinds({ answers }: Asked): boolean {
  return answers?.answers.some(({ kind }) => kind !== undefined) ?? false;
}

/** Whether the headline metric is the share of correct answers, so that it can be compared with guessing. */
function isShareOfCorrect({ result: { metrics }, answers }: Asked): boolean {
  const share = meanOf(answers?.answers.map(({ correct }) => Number(correct)) ?? []);
  return Math.abs(share - (Object.values(metrics)[0]?.value ?? NaN)) < 1e-9;
}

function modalityOf({ run }: LoadedRun, stage: string, benchmark: string): BenchmarkView["modality"] {
  return run?.manifest.stages[stage]?.data?.[benchmark]?.sources?.[0]?.card.modality;
}
