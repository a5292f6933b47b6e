import { describe } from "vitest";
import { installedBinding } from "@mlan/backend-tensorflow";

const HOW = "run `npm run mlan -- backend install tensorflow` (or name a binding in MLAN_TENSORFLOW_BINDING)";

/** Whether the tests that need TensorFlow can run on this machine. */
export const TENSORFLOW_IS_HERE: boolean = installedBinding() !== undefined;

/** Describes what needs TensorFlow: skipped, with one line that says how to get it, where there is none. */
export function describeWithTensorFlow(name: string, body: () => void): void {
  if (!TENSORFLOW_IS_HERE) console.info(`Skipped, since TensorFlow is not installed here: ${name}; ${HOW}.`);
  // oxlint-disable-next-line vitest/valid-title
  describe.skipIf(!TENSORFLOW_IS_HERE)(name, () => {
    body();
  });
}
