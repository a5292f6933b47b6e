import { MlanError } from "@mlan/core";
import type { LlavaNetwork } from "../network/llava-network.ts";
import { firstNotFinite } from "@mlan/safetensors";

/**
 * Returns the error for a request whose logits are NaN or infinite. The error is `invalid-checkpoint` with the name of
 * the first weight that is not finite. If all weights are finite, it is `invalid-data`.
 */
export async function logitsNotFinite({ weights }: LlavaNetwork, request: string): Promise<MlanError> {
  for (const weight of weights) {
    if (firstNotFinite(await weight.read()) < 0) continue;
    return new MlanError(
      "invalid-checkpoint",
      `model-llava: "${request}" cannot be answered: tensor "${weight.name}" of the model holds values that are not finite. Load a ` +
        "checkpoint from before the training diverged.",
    );
  }
  return new MlanError(
    "invalid-data",
    `model-llava: the logits of "${request}" are not finite although all weights are. Check its prompt and images, clear the ` +
      "feature cache if one is used, or use a float32 backend.",
  );
}
