import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers gradients
import * as tf from "@tensorflow/tfjs-core";
import {
  alphabetConversations,
  describeBenchmarkContract,
  describeConversationsContract,
  describeModelContract,
  describeTensorBackendContract,
  describeTrainableModelContract,
  fakeModelSource,
  memoryBenchmark,
  memoryDataset,
} from "@mlan/testing";

const useBackend = async (): Promise<void> => {
  await tf.setBackend("cpu");
};
const questions = ["a", "b"].map((text, index) => ({ id: `${index}`, images: [], text, target: text }));

describeConversationsContract(memoryDataset("alphabet", alphabetConversations(5)));
describeBenchmarkContract(memoryBenchmark("letters", questions));
describeModelContract(fakeModelSource(), { useBackend });
describeTrainableModelContract(fakeModelSource(), { useBackend });
describeTensorBackendContract("cpu", useBackend);
