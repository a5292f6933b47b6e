import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers gradients
import { MlanError } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import {
  alphabetConversations,
  describeBenchmarkContract,
  describeComputeContract,
  describeConversationsContract,
  describeModelContract,
  describeTensorBackendContract,
  describeTrainableModelContract,
  fakeModelSource,
  memoryBenchmark,
  memoryDataset,
  plainCompute,
} from "@mlan/testing";
import { expect, it } from "vitest";

const useBackend = async (): Promise<void> => {
  await tf.setBackend("cpu");
};
const questions = ["a", "b"].map((text, index) => ({ id: `${index}`, images: [], text, target: text }));

describeConversationsContract(memoryDataset("alphabet", alphabetConversations(5)));
describeBenchmarkContract(memoryBenchmark("letters", questions));
describeModelContract(fakeModelSource(), { useBackend });
describeTrainableModelContract(fakeModelSource(), { useBackend });
describeTensorBackendContract("cpu", useBackend);
describeComputeContract(plainCompute());

it("a plain compute whose backend nobody has imported says which package to import", async () => {
  const opening = plainCompute("abacus").open();
  await expect(opening).rejects.toSatisfy((error) => MlanError.is(error, "unavailable"));
  await expect(opening).rejects.toThrow(/has no backend "abacus" here\. Import its package/);
});
