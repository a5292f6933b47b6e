import { installedBinding, useTensorFlowBackend } from "@mlan/backend-tensorflow";
import { expect, test } from "vitest";
import { describeWithTensorFlow } from "../../../../tools/tensorflow/describe-with-tensorflow.ts";

describeWithTensorFlow("a GPU that is requested", () => {
  test("and that a build without CUDA cannot see ends with the reason and the next command", async (context) => {
    if (installedBinding()?.cuda !== undefined) return context.skip("TensorFlow is a build with CUDA");
    await expect(useTensorFlowBackend({ device: "gpu" })).rejects.toThrow(
      /device "gpu" is not available: TensorFlow sees no GPU in this process\.\nTensorFlow \S+ in \S+ is a build without CUDA\. Install one with CUDA: pip install 'tensorflow\[and-cuda\]', then npx mlan backend install tensorflow\n/,
    );
  });
});
