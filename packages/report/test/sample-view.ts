import type {
  ComparedBenchmark,
  ComparisonView,
  EvaluatedModel,
  GuessingView,
  MetricView,
  PairView,
  TrainingCost,
  View,
} from "@mlan/run-view";
import { sampleProvenance } from "./sample-provenance.ts";

const BENCHMARKS = ["race", "openbookqa", "boolq", "hellaswag", "realworldqa", "ai2d", "pope", "gqa", "scienceqa"];
const VISION = new Set(["realworldqa", "ai2d", "pope", "gqa", "scienceqa"]);
const interval = (value: number, width: number): { low: number; high: number; level: number } => ({
  low: Math.max(0, value - width),
  high: Math.min(1, value + width),
  level: 0.95,
});
/** Every benchmark but one has choices. */
const guessingOf = (index: number): GuessingView => ({
  name: index === 4 ? "most frequent answer" : "guessing",
  accuracy: [0.25, 0.25, 0.5, 0.25, 0.3, 0.25, 0.5, 0, 0.4][index] ?? 0.25,
  kinds: index === 4 ? 3 : 1,
});
const training = (teraflops: number): TrainingCost => ({
  steps: teraflops === 0 ? 0 : 1000,
  text: 955_047,
  image: 409_600,
  padding: 917_593,
  supervised: 518_667,
  flops: teraflops * 1e12,
  seconds: teraflops * 11,
});

export interface SampleOptions {
  /** Labels of the models; the first is the base. */
  readonly models?: readonly string[];
  readonly seeds?: number;
  /** Whether the models are arms that differ in their language share. Those of several backbones are "backbone/arm". */
  readonly isStudy?: boolean;
  readonly pointsPerCurve?: number;
}

/**
 * Returns a view with plausible numbers. Every number is computed from its position, so that tests notice a number in a
 * wrong place.
 */
export function sampleView(options: SampleOptions = {}): View {
  const { models: labels = ["aligned", "tuned"], seeds = 1, isStudy = false, pointsPerCurve = 60 } = options;
  const numbers = Array.from({ length: seeds }, (_, seed) => seed + 1);
  const valueOf = (model: number, benchmark: number): number =>
    model === 0 ? 0.05 + benchmark * 0.01 : 0.25 + ((benchmark * 7 + model * 3) % 12) * 0.045;
  const backboneOf = (label: string): string | undefined => (label.includes("/") ? label.split("/")[0] : undefined);
  const baseOf = (label: string): string | undefined => labels.find((one) => backboneOf(one) === backboneOf(label));
  const models = labels.map((label, index): EvaluatedModel => ({
    id: label,
    label,
    ...(isStudy && { arm: label.split("/").at(-1) ?? label }),
    ...(backboneOf(label) !== undefined && { backbone: backboneOf(label) ?? "" }),
    ...(baseOf(label) !== label && { base: baseOf(label) ?? "" }),
    evaluations: numbers.map((seed) => ({ run: isStudy ? `${label}, seed ${seed}` : "sample", stage: label, seed })),
    wordings: ["tuned"],
    ...(isStudy && index > 0 && { languageShare: (index - 1) / Math.max(1, labels.length - 2) }),
    isTuned: baseOf(label) !== label,
    training: training(index === 0 ? 0 : 4 + index * 1.5),
  }));
  const spread = (value: number): Pick<MetricView, "overSeeds"> =>
    seeds === 1
      ? {}
      : {
          overSeeds: {
            values: numbers.map((seed) => ({ seed, value: value + (seed - 2) * 0.012 })),
            mean: value,
            standardDeviation: 0.012,
            lowest: value - 0.012,
            highest: value + 0.012,
            interval: interval(value, 0.03),
          },
        };
  const compared = (base: number, model: number, benchmark: string, index: number): ComparedBenchmark => {
    const difference = valueOf(model, index) - valueOf(base, index);
    return {
      benchmark,
      protocol: "strict",
      questions: 200,
      clusters: VISION.has(benchmark) ? 100 : 200,
      baseAccuracy: valueOf(base, index),
      modelAccuracy: valueOf(model, index),
      difference,
      standardError: 0.03,
      interval: { low: difference - 0.06, high: difference + 0.06, level: 0.95 },
      ...(seeds === 1 && { discordant: { onlyBase: 3, onlyModel: 60 } }),
      ...spread(difference),
      test: VISION.has(benchmark) ? "paired-cluster-bootstrap" : "exact-mcnemar",
      p: 0.0004,
      adjustedP: Math.abs(difference) > 0.2 ? 0.003 : 0.2,
      verdict: difference > 0.2 ? "better" : difference < -0.2 ? "worse" : "no difference shown",
      minimumDetectableEffect: 0.08,
      differs: ["prompts"],
    };
  };
  const comparisonOf = (base: number, model: number): ComparisonView => ({
    base: labels[base] ?? "",
    model: labels[model] ?? "",
    level: 0.95,
    resamples: 10_000,
    benchmarks: BENCHMARKS.map((benchmark, place) => compared(base, model, benchmark, place)),
    means: (["text", "image"] as const).map((modality) => {
      const names = BENCHMARKS.filter((name) => VISION.has(name) === (modality === "image"));
      const sum = (one: number): number =>
        names.reduce((total, name) => total + valueOf(one, BENCHMARKS.indexOf(name)) / names.length, 0);
      const difference = sum(model) - sum(base);
      const bounds = { low: difference - 0.03, high: difference + 0.03, level: 0.95 };
      return { modality, protocol: "strict", benchmarks: names, difference, interval: bounds, ...spread(difference) };
    }),
    notCompared: [],
  });
  const backboneAt = (index: number): string | undefined => backboneOf(labels[index] ?? "");
  const isBase = (index: number): boolean => baseOf(labels[index] ?? "") === labels[index];
  const places = labels.map((_, index) => index).filter((index) => !isBase(index));
  // As in a study: the largest language share first.
  const pairs = places.toReversed().flatMap((model, place, all) =>
    all.slice(place + 1).flatMap((base): readonly PairView[] => {
      const backbone = backboneAt(model);
      if (backboneAt(base) !== backbone) return [];
      const own = all.filter((one) => backboneAt(one) === backbone);
      const isLeading = model === own[0] && base === own.at(-1);
      return [{ ...(backbone !== undefined && { backbone }), isLeading, ...comparisonOf(base, model) }];
    }),
  );
  const averages = (["text", "image"] as const).flatMap((modality) =>
    models.map((model, index) => {
      const of = BENCHMARKS.filter((name) => VISION.has(name) === (modality === "image"));
      const value = of.reduce((sum, name) => sum + valueOf(index, BENCHMARKS.indexOf(name)) / of.length, 0);
      return {
        model: model.id,
        modality,
        protocol: "strict",
        benchmarks: of,
        value,
        interval: interval(value, 0.025),
        ...spread(value),
      };
    }),
  );
  const runs = isStudy ? models.flatMap(({ evaluations }) => evaluations.map(({ run }) => run)) : ["sample"];
  return {
    format: "mlan-view",
    version: 2,
    kind: isStudy ? "study" : "run",
    name: "miniworld",
    runs: runs.map((id, index) => ({
      id,
      name: "miniworld",
      folder: `/home/me/runs/miniworld/${id}`,
      created: "2026-11-27T20:54:04.846Z",
      seed: numbers[index % seeds] ?? 1,
      state: "done",
      stages: [
        { name: "align", kind: "train", state: "done" },
        { name: "tuned", kind: "evaluate", state: "done" },
      ],
    })),
    models,
    benchmarks: BENCHMARKS.map((benchmark, index) => ({
      benchmark,
      protocol: "strict",
      modality: VISION.has(benchmark) ? "image" : "text",
      metric: "accuracy",
      ...(index !== 7 && { guessing: guessingOf(index) }),
      questions: 200,
      clusters: 200,
    })),
    results: models.flatMap(({ id }, model) =>
      BENCHMARKS.map((benchmark, index) => ({
        model: id,
        benchmark,
        protocol: "strict",
        protocolVersion: 1,
        evaluator: "generation",
        extractor: "strict@2",
        wording: "tuned",
        questions: 200,
        metrics: [
          {
            name: "accuracy",
            value: valueOf(model, index),
            interval: { ...interval(valueOf(model, index), 0.055), method: "wilson" },
            ...spread(valueOf(model, index)),
          },
        ],
        ...(index !== 7 && { isAboveGuessing: valueOf(model, index) - 0.055 > guessingOf(index).accuracy }),
        unreadable: model === 0 ? 0.4 : 0.01,
        verifications: [],
      })),
    ),
    averages,
    pairs,
    comparisons: places.map((model) => comparisonOf(labels.indexOf(baseOf(labels[model] ?? "") ?? ""), model)),
    costs: runs.flatMap((run, index) => [
      {
        run,
        stage: "align",
        kind: "train",
        seconds: 84,
        ...(index > 0
          ? { sharedFrom: runs[0] ?? "" }
          : { training: { ...training(6.25), firstLoss: 1.241, lastLoss: 0.257 } }),
      },
      {
        run,
        stage: "tune",
        kind: "train",
        seconds: 28,
        training: { ...training(4.04), firstLoss: 5.976, lastLoss: 0.384 },
        machine: "linux x64, 2 × AMD EPYC, 8.2 GB",
      },
    ]),
    curves: runs.flatMap((run, place) =>
      ["align", "tune"].flatMap((stage) =>
        (["all", "text"] as const).slice(0, stage === "tune" && !isStudy ? 2 : 1).map((source, shift) => ({
          run,
          stage,
          source,
          steps: 800,
          firstLoss: 4.3,
          lastLoss: 0.3,
          points: Array.from({ length: pointsPerCurve }, (_, index) => {
            const loss =
              0.3 +
              shift * 0.4 +
              place * 0.01 +
              4 * Math.exp(-index / (pointsPerCurve / 6)) +
              0.05 * Math.sin(index * 2.4);
            return {
              step: Math.round(((index + 1) * 800) / pointsPerCurve),
              loss,
              lowest: loss * 0.93,
              highest: loss * 1.08,
            };
          }),
        })),
      ),
    ),
    languageShares: isStudy
      ? ["language", "vision", ...BENCHMARKS].map((benchmark, index) => ({
          benchmark,
          protocol: "strict",
          metric: "accuracy",
          isAverage: index < 2,
          guessing: 0.25,
          points: models.slice(1).map((model, place) => {
            const value = 0.3 + (index % 4) * 0.04 + place * 0.03;
            return {
              share: model.languageShare ?? 0,
              model: model.id,
              value,
              interval: interval(value, 0.03),
              ...spread(value),
            };
          }),
        }))
      : [],
    warnings: [
      {
        kind: "wording",
        text: "The models were asked with different wordings: aligned as llama2-base, tuned as tuned.",
        run: "sample",
      },
    ],
    provenance: sampleProvenance(numbers, runs[0] ?? ""),
  };
}
