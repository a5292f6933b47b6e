import type {
  BASE_FILE,
  isModelFile,
  LLAVA_7B,
  modelSizes,
  packagesThatRead,
  predictTrainingMemory,
  QUANTIZED_FOLDER,
} from "@mlan/model-llava";
import { withInstallHint } from "./install-hint.ts";
import { locateInProject } from "./locate-in-project.ts";
import { OUR_PACKAGES } from "./our-packages.ts";

/** The exports of `@mlan/model-llava` that the commands use. */
export interface ModelLlavaPackage {
  readonly BASE_FILE: typeof BASE_FILE;
  readonly isModelFile: typeof isModelFile;
  readonly LLAVA_7B: typeof LLAVA_7B;
  readonly modelSizes: typeof modelSizes;
  readonly packagesThatRead: typeof packagesThatRead;
  readonly predictTrainingMemory: typeof predictTrainingMemory;
  readonly QUANTIZED_FOLDER: typeof QUANTIZED_FOLDER;
}

const PACKAGE = "@mlan/model-llava";

/** Imports `@mlan/model-llava` from the user's project, or from one of its backbones. Throws `missing-plugin`. */
export async function importModelLlava(): Promise<ModelLlavaPackage> {
  const through = [undefined, ...OUR_PACKAGES.filter((name) => name.startsWith("@mlan/model-"))];
  const [address = PACKAGE] = through.flatMap((other) => locateInProject(PACKAGE, other) ?? []);
  return withInstallHint((): Promise<ModelLlavaPackage> => import(address));
}
