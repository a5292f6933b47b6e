export type {
  Benchmark,
  ChatPrompt,
  Choice,
  Extractor,
  Metric,
  Outcome,
  Prompt,
  Protocol,
  Question,
  RawPrompt,
} from "./benchmark.ts";
export {
  disposingDonated,
  type CompiledFunction,
  type CompiledOptions,
  type Compute,
  type DeviceUse,
} from "./compute.ts";
export type { Conversation, FoundImage, ImageReference, Turn } from "./conversation.ts";
export { isBenchmark } from "./benchmark.ts";
export { checkWording } from "./check-wording.ts";
export { targetProblem } from "./target-problem.ts";
export type { AskedText, Wording } from "./wording.ts";
export { chatWording, imagesInFront, textWording } from "./wording.ts";
export { IMAGE_PLACEHOLDER } from "./conversation.ts";
export type { Dataset, DatasetCard, DatasetDefinition, Examples, OpenOptions } from "./dataset.ts";
export { checkIndex, defineDataset, fingerprintOf } from "./dataset.ts";
export type { ErrorCode } from "./errors.ts";
export { nothingToLearn } from "./check-supervision.ts";
export { counted, LONGEST_MESSAGE, messageOf, MlanError, shownValue } from "./errors.ts";
export type { Content } from "./content.ts";
export { contentOfFiles, stampOf } from "./content.ts";
export { expectationOf, describeIssue } from "./expectation.ts";
export { checkOptions } from "./options.ts";
export { problemsOf } from "./schema-problems.ts";
export type { Location } from "./location.ts";
export { fileLocation, folderLocation, toFileUrl, toFolderUrl } from "./location.ts";
export { jsonOrUndefined } from "./json-or-undefined.ts";
export { pathOf } from "./path-of.ts";
export type {
  AnswerRecord,
  BenchmarkResult,
  ChoiceScore,
  Estimate,
  EvaluateEndEvent,
  EvaluateEvent,
  EvaluateRun,
  EvaluateStartEvent,
  Evaluator,
  Fingerprints,
  Flip,
  Interval,
  PlannedEvaluation,
  QuestionAnsweredEvent,
  Verification,
} from "./evaluator.ts";
export type {
  Batch,
  BatchShape,
  BatchTensors,
  Component,
  ConversationFormat,
  Encoded,
  EncodeOptions,
  Generation,
  GenerationOptions,
  GenerationRequest,
  GradientOptions,
  Learning,
  LearningParameter,
  Model,
  ModelInspection,
  ModelSource,
  OpenModelOptions,
  Parameter,
  Score,
  ScoreRequest,
  TokenCounts,
  TrainableModel,
} from "./model.ts";
export type {
  CheckpointSavedEvent,
  PlannedTraining,
  StepEndEvent,
  TrainEndEvent,
  Trainer,
  TrainEvent,
  TrainingNeeds,
  TrainingRecipe,
  TrainRun,
  TrainStartEvent,
} from "./trainer.ts";
export type { Plugin, UseEntry } from "./plugin.ts";
export { plugin } from "./plugin.ts";
export type { Random } from "./random.ts";
export { deriveSeed, permutation, seededRandom } from "./random.ts";
export type { Clock, Token } from "./token.ts";
export { CLOCK, COMPUTE, EVALUATOR, MODEL, token, TRAINER } from "./token.ts";
export type { Scope } from "./scope.ts";
export { createScope } from "./scope.ts";
export { writeFileAtomically, writeFolderAtomically } from "./atomic-files.ts";
export type { OldTemporaryFilesOptions } from "./old-temporary-files.ts";
export { removeOldTemporaryFiles } from "./old-temporary-files.ts";
export { checkpointDigest } from "./checkpoint-digest.ts";
export type { ChecksumOptions, VerifyOptions } from "./checksums.ts";
export { CHECKSUMS_FILE, listedFiles, verifyChecksums, writeChecksums } from "./checksums.ts";
export { differencesOf } from "./differences.ts";
export { currentRecipe } from "./stored-recipe.ts";
export { makeFolder } from "./make-folder.ts";
export { sha256OfFile } from "./sha256-of-file.ts";
export type { Experiment, ExperimentOptions } from "./experiment.ts";
export { experiment, isExperiment } from "./experiment.ts";
export type {
  RunEndEvent,
  DamageEvent,
  RunEvent,
  StageEndEvent,
  StageProgressEvent,
  StageStartEvent,
} from "./run-experiment.ts";
export { runExperiment } from "./run-experiment.ts";
export type { LedgerEntry, StepMetrics } from "./ledger.ts";
export type { ContentRecord, DataRecord, ExperimentPlan, Manifest, StageStatus } from "./manifest.ts";
export type { MetricsLog } from "./metrics-log.ts";
export type { PreflightEvent } from "./preflight.ts";
export type { RunFolder } from "./run-folder.ts";
export { runFolder } from "./run-folder.ts";
export type { Damage } from "./damage.ts";
export type { Run } from "./read-run.ts";
export { readRun } from "./read-run.ts";
export type {
  EvaluateStageOptions,
  Stage,
  StageCheckContext,
  StageContext,
  StageResult,
  TrainStageOptions,
} from "./stage.ts";
export { evaluate, train } from "./stage.ts";
export type { MixOptions, MixturePart } from "./views.ts";
export { concat, filter, mix, shuffle, take } from "./views.ts";
export { upright } from "./upright.ts";
