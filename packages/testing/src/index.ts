export type { BackboneContractOptions } from "./backbone-contract.ts";
export { describeBackboneContract } from "./backbone-contract.ts";
export { changeWeights } from "./change-weights.ts";
export { describeTensorBackendContract } from "./backend-contract.ts";
export { describeBenchmarkContract } from "./benchmark-contract.ts";
export { describeComputeContract } from "./compute-contract.ts";
export type { DatasetContractOptions } from "./dataset-contract.ts";
export { describeConversationsContract, describeDatasetContract } from "./dataset-contract.ts";
export { expectSurvival, peakBytes, type SurvivalOptions } from "./expect-survival.ts";
export { describeEvaluatorContract } from "./evaluator-contract.ts";
export type { FakeClock } from "./fake-clock.ts";
export { fakeClock, fakeClockPlugin } from "./fake-clock.ts";
export type { FakeModelOptions } from "./fake-model.ts";
export { fakeModelPlugin, fakeModelSource } from "./fake-model.ts";
export { type HubContents, type HubServer, hubServer, listen } from "./hub-server.ts";
export {
  type HubUploadOptions,
  type HubUploadServer,
  hubUploadServer,
  type UploadedRepository,
} from "./hub-upload-server.ts";
export type { PlainQuestion } from "./memory-benchmark.ts";
export { memoryBenchmark } from "./memory-benchmark.ts";
export { alphabetConversations, memoryDataset } from "./memory-dataset.ts";
export type { ModelContractOptions } from "./model-contract.ts";
export { describeModelContract } from "./model-contract.ts";
export { describeTrainableModelContract } from "./trainable-model-contract.ts";
export { HOSTILE_VALUES, jsonMutations, type Mutation, mutations } from "./mutations.ts";
export { plainCompute, plainComputePlugin } from "./plain-compute.ts";
export type { TinyCheckpoint, TinyCheckpointOptions } from "./tiny-checkpoint.ts";
export { writeTinyLlava } from "./tiny-checkpoint.ts";
export { folderWith, temporaryFolder } from "./temporary-folder.ts";
export { describeTrainerContract } from "./trainer-contract.ts";
export type { PaperWording } from "./wordings.ts";
export { WORDINGS } from "./wordings.ts";
export type { SavedModel } from "./saved-models.ts";
export { describeSavedModelsContract, type SavedModelsContract } from "./saved-models-contract.ts";
