import { MlanError } from "@mlan/core";
import type { diagnoseTensorFlow, installTensorFlow, tensorflow } from "@mlan/backend-tensorflow";
import { locateInProject } from "./locate-in-project.ts";

/** The exports of `@mlan/backend-tensorflow` that the commands use. */
export interface TensorFlowPackage {
  readonly diagnoseTensorFlow: typeof diagnoseTensorFlow;
  readonly installTensorFlow: typeof installTensorFlow;
  readonly tensorflow: typeof tensorflow;
}

/** The command that installs the TensorFlow backend. It skips install scripts, because those of tfjs-node-gpu fail. */
export const INSTALL_TRAINER_GPU = "npm install --ignore-scripts @mlan/trainer-gpu";

const PACKAGE = "@mlan/backend-tensorflow";

/** Imports the TensorFlow backend from the user's project, without its native code. Throws `missing-plugin`. */
export async function importTensorFlow(): Promise<TensorFlowPackage> {
  const address = locateInProject(PACKAGE) ?? locateInProject(PACKAGE, "@mlan/trainer-gpu");
  if (address === undefined) {
    throw new MlanError("missing-plugin", `${PACKAGE} is not installed here. Install it: ${INSTALL_TRAINER_GPU}`);
  }
  const module: TensorFlowPackage = await import(address);
  return module;
}
