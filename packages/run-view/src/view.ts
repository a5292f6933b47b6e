import type { DatasetCard } from "@mlan/core";
import type { Provenance, Warning } from "./view-provenance.ts";
import type { AverageView, ComparisonView, LanguageShareCurve, PairView, ResultView } from "./view-results.ts";

/**
 * A run, several runs, or a study as plain data, for tables and pages. Shares, accuracies and differences are fractions
 * (0.713 is 71.3%). An unknown number is NaN, which JSON writes as null. Ids are unique within a view. Texts come from
 * users and models and may contain any characters.
 */
export interface View {
  readonly format: "mlan-view";
  /** Raised when a field is removed or changes its meaning. New fields do not raise it. */
  readonly version: 2;
  readonly kind: "run" | "study";
  /** The name of the experiment, or of the study; names of several runs are joined by commas. */
  readonly name: string;
  /** The run folders that the view was read from, including those of failed and unfinished runs. */
  readonly runs: readonly RunView[];
  /**
   * The evaluated models: in a run, one per evaluation stage, in order; in a study, one per backbone and arm, over all
   * seeds.
   */
  readonly models: readonly EvaluatedModel[];
  /** The benchmarks that were asked, one entry per benchmark and protocol, in the order in which they were asked. */
  readonly benchmarks: readonly BenchmarkView[];
  /** At most one per model, benchmark and protocol. */
  readonly results: readonly ResultView[];
  /** Headline metrics averaged over the benchmarks of one modality; empty when modalities were not recorded. */
  readonly averages: readonly AverageView[];
  /**
   * Every two tuned models of the same backbone, compared with each other: the answer to the question which of them is
   * better. Empty when answers were not read.
   */
  readonly pairs: readonly PairView[];
  /** Each model that is not a base, compared with its base, if both have results. Empty when answers were not read. */
  readonly comparisons: readonly ComparisonView[];
  /** The cost of each stage that has begun. */
  readonly costs: readonly CostView[];
  /** The loss of training stages: one per run, stage and source. */
  readonly curves: readonly CurveView[];
  /** Results by the language share of the tuning data; empty unless models with different shares exist. */
  readonly languageShares: readonly LanguageShareCurve[];
  readonly warnings: readonly Warning[];
  readonly provenance: Provenance;
}

/** One run folder. */
export interface RunView {
  /**
   * The name of the experiment; in a study, the model, the arm and the seed. Other parts of the view refer to the run
   * by this id, in fields called `run`.
   */
  readonly id: string;
  readonly name: string;
  /** Path of the run folder on this machine. */
  readonly folder: string;
  /** When the run began, as ISO 8601 in UTC; absent when it has not begun. */
  readonly created?: string;
  /** The seed of the run. NaN when it is unknown because the folder cannot be read. */
  readonly seed: number;
  readonly state: RunState;
  /** Why a failed run failed, or why a folder could not be read. */
  readonly problem?: string;
  readonly stages: readonly StageView[];
}

/** "unreadable": the folder is damaged or was written by a newer version; `problem` explains it. */
export type RunState = "done" | "unfinished" | "waiting" | "failed" | "unreadable";

export interface StageView {
  readonly name: string;
  readonly kind: string;
  readonly state: "not started" | "started" | "done";
  /** Numbers of finished and of all steps of a training stage. Absent before the first step. */
  readonly progress?: { readonly step: number; readonly steps: number };
  /** The maximum over all steps of dispatches and peak bytes, if the trainer measured them. */
  readonly device?: { readonly dispatches: number; readonly peakBytes: number };
}

/** A model whose answers were evaluated, or an arm of a study with one such model per seed. */
export interface EvaluatedModel {
  /** E.g. "tuned", or "llama2/mlan" in a study. */
  readonly id: string;
  /** The text for headings; unique within the view. */
  readonly label: string;
  /** The arm in a study; absent in a run. */
  readonly arm?: string;
  /**
   * The backbone's name, if there are several: in a study, the name of the model; in a list of runs, the model plugin, with
   * the beginning of the weights' digest where several backbones share the plugin. Absent otherwise.
   */
  readonly backbone?: string;
  /** The id of the model that this one is compared with; absent for a base. */
  readonly base?: string;
  /** The evaluation of each seed, in the order of the seeds. */
  readonly evaluations: readonly Evaluation[];
  /** The names of the wordings of the prompts; several only if benchmarks or seeds differ. */
  readonly wordings: readonly string[];
  /**
   * Share of conversations without images in the data of the last tuning stage, as the mean over seeds. Absent if
   * unknown, or without tuning.
   */
  readonly languageShare?: number;
  /**
   * Whether a stage before the evaluation trained the language model or an adapter. True if a stage has a recipe that is
   * unknown.
   */
  readonly isTuned: boolean;
  /** Cost of all training before the evaluation, as the mean over seeds. Zeros for a model that was not trained. */
  readonly training: TrainingCost;
}

/** The evaluation stage of one run. */
export interface Evaluation {
  /** The {@link RunView.id} of the run. */
  readonly run: string;
  readonly stage: string;
  readonly seed: number;
}

export interface TrainingCost {
  readonly steps: number;
  /** Positions by kind; `text` includes `supervised`. */
  readonly text: number;
  readonly image: number;
  readonly padding: number;
  readonly supervised: number;
  /** Floating-point operations by formula. */
  readonly flops: number;
  readonly seconds: number;
}

export interface BenchmarkView {
  readonly benchmark: string;
  readonly protocol: string;
  /** "text" benchmarks test language; "image" and "mixed" benchmarks test vision. Absent in older runs. */
  readonly modality?: DatasetCard["modality"];
  /** The headline metric. */
  readonly metric: string;
  /**
   * The accuracy that needs no look at the question's content. Absent when no model has all answers, or the headline
   * metric is not the share of correct answers.
   */
  readonly guessing?: GuessingView;
  readonly questions: number;
  /** Number of questions in the benchmark, if only the first ones were asked. */
  readonly questionsInBenchmark?: number;
  /** Number of groups of dependent questions; equal to `questions` if all are independent. Absent when unknown. */
  readonly clusters?: number;
}

/** The accuracy of guessing, which a result must exceed to show anything. */
export interface GuessingView {
  /**
   * "guessing": choosing at random among the choices. "most frequent answer": always giving the most frequent correct
   * answer of the question's kind. This is used for open questions, and for questions that all have the same choices, such
   * as yes and no, if it is more accurate than chance.
   */
  readonly name: "guessing" | "most frequent answer";
  readonly accuracy: number;
  /**
   * Number of kinds of questions. Questions are of the same kind if they have the same `Question.kind` and the same
   * labels of choices; or, without choices, if their correct answers are all yes or no, all numbers, or all something
   * else.
   */
  readonly kinds: number;
}

/** The cost of one stage of one run. */
export interface CostView {
  readonly run: string;
  readonly stage: string;
  readonly kind: string;
  /** Duration of the stage over all starts of the run; NaN when unknown. */
  readonly seconds: number;
  /** Present for a training stage that is done. */
  readonly training?: TrainingCost & { readonly firstLoss: number; readonly lastLoss: number };
  /** The number of positions in the prompts of an evaluation, and how many of them were computed; NaN when unknown. */
  readonly prompts?: { readonly positions: number; readonly computed: number };
  /** The id of the run that this stage was copied from, in a study. The cost counts only in that run. */
  readonly sharedFrom?: string;
  /** Where the stage ran last, e.g. "linux x64, 2 × AMD EPYC 7763, 8.2 GB, node v22.1.0". Absent in older runs. */
  readonly machine?: string;
}

/** A loss curve, thinned to at most 400 points. */
export interface CurveView {
  readonly run: string;
  readonly stage: string;
  /**
   * The conversations over which losses are averaged. "all": all conversations of each step. "dataset": those of one
   * dataset of a mixture, in the steps that contain any. "text" and "image": those of the steps without images and with
   * images; these curves exist only if the stage has steps of both kinds and did not record the losses of its datasets.
   */
  readonly source: "all" | "text" | "image" | "dataset";
  /** The name of the dataset; present if `source` is "dataset". */
  readonly dataset?: string;
  /** Number of steps planned for the stage. */
  readonly steps: number;
  /** The first and the last loss of the curve. */
  readonly firstLoss: number;
  readonly lastLoss: number;
  readonly points: readonly CurvePoint[];
}

/** One step, or a range of consecutive steps of the curve. */
export interface CurvePoint {
  /** The last step of the range; steps are counted from 1. */
  readonly step: number;
  /** Mean loss of the range, in nats; NaN if one of its losses is not finite. */
  readonly loss: number;
  /** Lowest and highest loss of the range; equal to `loss` for one step. */
  readonly lowest: number;
  readonly highest: number;
}
