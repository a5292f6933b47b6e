export interface ResultView {
  /** The {@link EvaluatedModel.id} of the model. */
  readonly model: string;
  readonly benchmark: string;
  readonly protocol: string;
  readonly protocolVersion: number;
  readonly evaluator: string;
  /** Name and version, e.g. "strict@1". */
  readonly extractor: string;
  readonly wording: string;
  readonly questions: number;
  /** Number of questions in the benchmark, if only the first `questions` were asked. */
  readonly questionsInBenchmark?: number;
  /** The first is the headline metric. */
  readonly metrics: readonly MetricView[];
  /**
   * Whether the headline metric is above {@link BenchmarkView.guessing}: false unless its interval over questions lies
   * above, and with several seeds, that of each seed. Absent when the accuracy of guessing or an interval is unknown.
   */
  readonly isAboveGuessing?: boolean;
  /** Share of answers from which the extractor could read nothing. They count as wrong. Mean over seeds. */
  readonly unreadable: number;
  /** Share of questions whose prompt was truncated. Absent if it was not counted. Mean over seeds. */
  readonly truncatedPrompts?: number;
  /** Results of verification, which asks some questions again, one at a time. One entry per seed that was verified. */
  readonly verifications: readonly VerificationView[];
}

export interface VerificationView {
  readonly seed: number;
  readonly checked: number;
  readonly smallestMargin: number;
  readonly flips: readonly {
    readonly id: string;
    readonly together: string;
    readonly alone: string;
    readonly margin: number;
  }[];
}

/** A confidence interval. */
export interface IntervalView {
  readonly low: number;
  readonly high: number;
  /** The confidence level, e.g. 0.95. */
  readonly level: number;
  /** How a metric's interval was computed; absent for other intervals. */
  readonly method?: "wilson" | "cluster-bootstrap";
}

/** An estimate. Its two intervals answer different questions and are never combined. */
export interface MetricView {
  readonly name: string;
  /** The mean over seeds, if there are several. */
  readonly value: number;
  readonly standardError?: number;
  /**
   * Interval over questions: how the value may change with other questions of the same kind. With several seeds, the
   * interval of the mean over seeds. Absent with fewer than two clusters.
   */
  readonly interval?: IntervalView;
  /** Spread over seeds: how the value changes with the seed, on the same questions. Absent with one seed. */
  readonly overSeeds?: SeedSpread;
}

export interface SeedSpread {
  /** The value of each seed. That of a metric has its interval over questions. */
  readonly values: readonly { readonly seed: number; readonly value: number; readonly interval?: IntervalView }[];
  readonly mean: number;
  readonly standardDeviation: number;
  readonly lowest: number;
  readonly highest: number;
  /** Student's t interval of the mean over seeds, at the level 0.95. */
  readonly interval: IntervalView;
}

export interface AverageView {
  readonly model: string;
  readonly modality: "text" | "image";
  readonly protocol: string;
  /** The benchmarks that are averaged, with equal weights. They are the same for all models. */
  readonly benchmarks: readonly string[];
  readonly value: number;
  /** Interval over questions, from a normal approximation with the benchmarks' independent standard errors. */
  readonly interval?: IntervalView;
  readonly overSeeds?: SeedSpread;
}

/** A model compared with another one, its base, on the same questions. */
export interface ComparisonView {
  readonly base: string;
  readonly model: string;
  /** Confidence level of intervals; tests use significance 1 - level. */
  readonly level: number;
  readonly resamples: number;
  readonly benchmarks: readonly ComparedBenchmark[];
  /** Mean differences over the compared benchmarks of each modality and protocol. */
  readonly means: readonly MeanDifference[];
  /** Benchmarks that only one of the two models has, or that cannot be compared, each with the reason. */
  readonly notCompared: readonly { readonly benchmark: string; readonly protocol: string; readonly reason: string }[];
}

/**
 * Two tuned models of the same backbone. The model is the one with the larger language share; without shares, the one
 * that comes first in the view.
 */
export interface PairView extends ComparisonView {
  readonly backbone?: string;
  /**
   * Whether the pair answers the study's question: the models with the largest and the smallest language share; without
   * different shares, the first model and each other one.
   */
  readonly isLeading: boolean;
}

/** The mean over benchmarks of model minus base, with equal weights. */
export interface MeanDifference {
  /** "all" if the modality of a benchmark is unknown. */
  readonly modality: "text" | "image" | "all";
  readonly protocol: string;
  readonly benchmarks: readonly string[];
  readonly difference: number;
  /** Interval over questions, from a normal approximation with the benchmarks' independent standard errors. */
  readonly interval?: IntervalView;
  /** The mean difference of each seed. Absent with one seed. */
  readonly overSeeds?: SeedSpread;
}

/** Differences are model minus base. */
export interface ComparedBenchmark {
  readonly benchmark: string;
  readonly protocol: string;
  /** Number of questions that both models answered. */
  readonly questions: number;
  readonly clusters: number;
  /** Accuracies on these questions, as means over seeds. */
  readonly baseAccuracy: number;
  readonly modelAccuracy: number;
  readonly difference: number;
  /** From the variation between clusters. Absent with a single cluster. */
  readonly standardError?: number;
  /** Interval over questions, from the paired cluster bootstrap. Absent with a single cluster. */
  readonly interval?: IntervalView;
  /** The difference for each seed of the model. Absent with one seed. */
  readonly overSeeds?: SeedSpread;
  /** Number of questions that only one of the two answered correctly. Absent with several seeds. */
  readonly discordant?: { readonly onlyBase: number; readonly onlyModel: number };
  readonly test: "exact-mcnemar" | "paired-cluster-bootstrap" | "none";
  readonly p: number;
  /** `p` adjusted with Holm's method over the benchmarks of the comparison. */
  readonly adjustedP: number;
  /** The conclusion from `adjustedP`. No other field justifies the claim that a model is better or worse. */
  readonly verdict: "better" | "worse" | "no difference shown";
  /** Smallest difference that this comparison detects with 80% power. Absent when unknown. */
  readonly minimumDetectableEffect?: number;
  /** What differs between the evaluations besides the model, e.g. "prompts" for an untuned base. */
  readonly differs: readonly ("questions" | "prompts" | "protocol")[];
}

/** A benchmark's headline metric against the language share. */
export interface LanguageShareCurve {
  readonly backbone?: string;
  /** A benchmark; or "language" or "vision" for the average over the benchmarks of that modality. */
  readonly benchmark: string;
  readonly protocol: string;
  readonly metric: string;
  /** Whether `benchmark` is an average. */
  readonly isAverage: boolean;
  /** The accuracy of {@link BenchmarkView.guessing}, or its average. Absent when unknown. */
  readonly guessing?: number;
  /** The points of the curve, by ascending share. */
  readonly points: readonly LanguageSharePoint[];
}

export interface LanguageSharePoint {
  /** The language share, from 0 to 1. */
  readonly share: number;
  readonly model: string;
  readonly value: number;
  /** Interval over questions. */
  readonly interval?: IntervalView;
  /** Spread over seeds, for a band around the curve. */
  readonly overSeeds?: SeedSpread;
}
