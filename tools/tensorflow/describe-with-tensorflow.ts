import { describe, it } from "vitest";
import { installedBinding } from "@mlan/backend-tensorflow";

const HOW = "run `npm run mlan -- backend install tensorflow` (or name a binding in MLAN_TENSORFLOW_BINDING)";

/**
 * Describes tests that need TensorFlow. Without TensorFlow there is one skipped test, and a line that says how to
 * install it. The body is then not called: vitest calls the body of a skipped suite to collect its tests, and the body
 * may open TensorFlow.
 */
export function describeWithTensorFlow(name: string, body: () => void): void {
  // oxlint-disable-next-line vitest/no-conditional-tests
  if (installedBinding() !== undefined) {
    // oxlint-disable-next-line vitest/valid-title
    describe(name, () => {
      body();
    });
    return;
  }
  console.info(`Skipped, since TensorFlow is not installed here: ${name}; ${HOW}.`);
  // oxlint-disable-next-line vitest/valid-title
  it.skip(name);
}
