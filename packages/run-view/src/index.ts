export {
  bytes,
  count,
  duration,
  fixed,
  percent,
  percentWithError,
  percentWithInterval,
  questionCount,
  rate,
  significant,
} from "./format-number.ts";
export { damageText } from "./damage-text.ts";
export { mostDeviceUse } from "./device-use.ts";
export type { QuestionsOptions } from "./questions-of.ts";
export { questionsOf } from "./questions-of.ts";
export { aboveGuessing, armLabels, labels, mainPairs, verdictCounts } from "./summaries.ts";
export type { DatasetView, PlanView, Provenance, Warning, WarningKind, WeightsView } from "./view-provenance.ts";
export type { AnswerView, ImageView, QuestionView } from "./view-questions.ts";
export type {
  AverageView,
  ComparedBenchmark,
  ComparisonView,
  IntervalView,
  LanguageShareCurve,
  LanguageSharePoint,
  MeanDifference,
  MetricView,
  PairView,
  ResultView,
  SeedSpread,
  VerificationView,
} from "./view-results.ts";
export type {
  BenchmarkView,
  CostView,
  CurvePoint,
  CurveView,
  EvaluatedModel,
  Evaluation,
  GuessingView,
  RunState,
  RunView,
  StageView,
  TrainingCost,
  View,
} from "./view.ts";
export type { ViewOptions } from "./view-of.ts";
export { viewOf } from "./view-of.ts";
export { viewOfStudy } from "./view-of-study.ts";
