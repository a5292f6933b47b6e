import "@tensorflow/tfjs-layers"; // registers gradients
import { useTensorFlowBackend } from "@mlan/backend-tensorflow";
import { describeTensorBackendContract } from "@mlan/testing";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";

describeWithTensorFlow("the tensor backend contract on TensorFlow", () => {
  describeTensorBackendContract("tensorflow", () => useTensorFlowBackend({ device: "cpu" }));
});
