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
} from "./contracts/benchmark.ts";
export {
  disposingDonated,
  type CompiledFunction,
  type CompiledOptions,
  type Compute,
  type DeviceUse,
} from "./contracts/compute.ts";
export type { Conversation, FoundImage, ImageReference, Turn } from "./contracts/conversation.ts";
export { isBenchmark, promptTexts } from "./contracts/benchmark.ts";
export { checkWording } from "./run/check-wording.ts";
export { targetProblem } from "./run/target-problem.ts";
export type { AskedText, Wording } from "./contracts/wording.ts";
export { chatWording, imagesInFront, textWording, V1_SYSTEM_PROMPT } from "./contracts/wording.ts";
export { IMAGE_PLACEHOLDER } from "./contracts/conversation.ts";
export type {
  Dataset,
  DatasetCard,
  DatasetDefinition,
  DatasetSource,
  DownloadProgress,
  Examples,
  ExampleSource,
  OpenedDatasets,
  OpenOptions,
} from "./contracts/dataset.ts";
export { checkIndex, defineDataset, fingerprintOf } from "./contracts/dataset.ts";
export type { ErrorCode } from "./errors.ts";
export { nothingToLearn } from "./run/check-supervision.ts";
export { counted, MlanError, shownValue } from "./errors.ts";
export { LONGEST_MESSAGE, messageOf, pathOf, reasonOf } from "@mlan/errors";
export type { Content } from "./contracts/content.ts";
export { contentOfFiles, stampOf } from "./contracts/content.ts";
export { expectationOf, describeIssue } from "./scope/expectation.ts";
export { checkOptions } from "./scope/options.ts";
export { problemsOf } from "./scope/schema-problems.ts";
export type { Location } from "./contracts/location.ts";
export { fileLocation, folderLocation, toFileUrl, toFolderUrl } from "./contracts/location.ts";
export { jsonOrUndefined } from "./files/read-json.ts";
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
} from "./contracts/evaluator.ts";
export { beforeStop } from "./answer/before-stop.ts";
export { type ChatMessage, chatRequest } from "./answer/chat-request.ts";
export { streamAnswer } from "./answer/stream-answer.ts";
export type {
  GeneratedToken,
  Generation,
  GenerationOptions,
  GenerationRequest,
  Sampling,
  TextPiece,
  TokenLogProbability,
} from "./contracts/generation.ts";
export type { AdapterOptions } from "./contracts/adapter.ts";
export type { AnsweringShape, MemoryEstimate, ModelMemory, TrainingShape } from "./contracts/memory.ts";
export type { Batch, BatchShape, BatchTensors, CollateOptions, TokenCounts } from "./contracts/batch.ts";
export type {
  Component,
  Encoded,
  EncodeOptions,
  GradientOptions,
  LossOptions,
  Learning,
  LearningParameter,
  Model,
  ModelInspection,
  ModelSource,
  OpenModelOptions,
  Parameter,
  Score,
  ScoreRequest,
  SaveModelOptions,
  TrainableModel,
  TrainableModelSource,
} from "./contracts/model.ts";
export { trainableModel } from "./contracts/model.ts";
export { type ConversationFormat, formatFor, type RecipeFormat } from "./contracts/conversation-format.ts";
export type {
  CheckpointSavedEvent,
  PlannedTraining,
  SourceLoss,
  StepEndEvent,
  TrainEndEvent,
  Trainer,
  TrainEvent,
  TrainingNeeds,
  TrainingRecipe,
  TrainRun,
  TrainStartEvent,
} from "./contracts/trainer.ts";
export type { Plugin, UseEntry } from "./scope/plugin.ts";
export { plugin } from "./scope/plugin.ts";
export type { Random } from "./data/random.ts";
export { deriveSeed, permutation, seededRandom } from "./data/random.ts";
export type { Clock, Token } from "./scope/token.ts";
export { PYTHON_WHITE_SPACE, stripAsPython } from "./data/python-text.ts";
export { CLOCK, COMPUTE, EVALUATOR, MODEL, systemClock, token, TRAINER } from "./scope/token.ts";
export type { Scope } from "./scope/scope.ts";
export { createScope } from "./scope/scope.ts";
export { writeFileAtomically, writeFolderAtomically } from "./files/atomic-files.ts";
export type { OldTemporaryFilesOptions } from "./files/old-temporary-files.ts";
export { fileProblem, readFileIfThere } from "./files/file-problem.ts";
export { fileState } from "./files/file-state.ts";
export { removeOldTemporaryFiles } from "./files/old-temporary-files.ts";
export type { ChecksumOptions, VerifyOptions } from "./files/checksums.ts";
export { CHECKSUMS_FILE, checkpointDigest, listedFiles, verifyChecksums, writeChecksums } from "./files/checksums.ts";
export { differencesOf } from "./run/differences.ts";
export { currentRecipe } from "./run/stored-recipe.ts";
export { makeFolder } from "./files/make-folder.ts";
export { replaceFiles } from "./files/replace-files.ts";
export { sha256OfFile } from "./files/sha256-of-file.ts";
export type { Experiment, ExperimentOptions } from "./run/experiment.ts";
export { experiment, isExperiment, planOf } from "./run/experiment.ts";
export { isRunOf } from "./run/open-manifest.ts";
export { leftWithoutManifest } from "./run/fresh-start.ts";
export { type RunningProcess, runningProcess } from "./run/run-lock.ts";
export type {
  DamageEvent,
  NoticeEvent,
  RunEndEvent,
  RunEvent,
  StageEndEvent,
  StageProgressEvent,
  StageStartEvent,
} from "./run/run-experiment.ts";
export { runExperiment } from "./run/run-experiment.ts";
export type { LedgerEntry, StepMetrics } from "./run/ledger.ts";
export type {
  ContentRecord,
  DataRecord,
  ExperimentPlan,
  MachineRecord,
  Manifest,
  StageStatus,
} from "./run/manifest.ts";
export type { MetricsLog } from "./run/metrics-log.ts";
export type { DownloadEvent } from "./run/downloads.ts";
export type { PreflightEvent } from "./run/preflight.ts";
export { batchText, memoryRemedy } from "./run/memory-check.ts";
export type { PlanEvent, PlanOptions, ResourcePlan, StagePlan } from "./run/resource-plan.ts";
export { planExperiment } from "./run/resource-plan.ts";
export type { PlannedStages } from "./run/planned-stages.ts";
export { plannedStages } from "./run/planned-stages.ts";
export type { Change, StageNeeds } from "./run/stage-needs.ts";
export type { RunFolder } from "./run/run-folder.ts";
export { runFolder } from "./run/run-folder.ts";
export type { Damage } from "./run/damage.ts";
export type { ReadRunOptions, Run } from "./run/read-run.ts";
export { readRun } from "./run/read-run.ts";
export type {
  EvaluateStageOptions,
  Stage,
  StageCheckContext,
  StageContext,
  StageResult,
  TrainStageOptions,
} from "./run/stage.ts";
export { evaluate, train } from "./run/stage.ts";
export type { MixOptions, MixturePart } from "./data/views.ts";
export { concat, filter, mix, shuffle, take } from "./data/views.ts";
export { upright } from "./data/upright.ts";
