import { type InstallEnvironment, installEnvironment } from "../install-environment.ts";
import type { InstalledBinding } from "../installed-binding.ts";
import { gpuFindings } from "./gpu-findings.ts";

/**
 * Returns lines that explain why TensorFlow sees no GPU: each missing requirement, where it was searched for, and its
 * fix.
 */
export function whyNoGpu(
  binding: InstalledBinding,
  environment: InstallEnvironment = installEnvironment(),
): readonly string[] {
  if (environment.platform === "darwin") return ["On macOS this backend computes on the CPU only."];
  if (binding.cuda === undefined) {
    return [
      `TensorFlow ${binding.tensorFlowVersion} in ${binding.libraryFolder} is a build without CUDA. Install one with CUDA: ` +
        "pip install 'tensorflow[and-cuda]', then npx mlan backend install tensorflow",
    ];
  }
  const problems = gpuFindings(binding, environment).filter(({ state }) => state === "missing" || state === "broken");
  if (problems.length === 0) {
    const { CUDA_VISIBLE_DEVICES: visible } = environment.variables;
    const hidden = visible === undefined ? "" : ` CUDA_VISIBLE_DEVICES is "${visible}".`;
    return [`CUDA libraries, driver and devices exist; run nvidia-smi to see whether they work.${hidden}`];
  }
  return problems.map(({ name, found, fix }) => `${name}: ${found}${fix === undefined ? "" : `\n  -> ${fix}`}`);
}
