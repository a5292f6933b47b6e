import { availableParallelism } from "node:os";
import { MlanError } from "@mlan/core";
import type { TensorFlowOptions } from "../options.ts";

/**
 * Configures TensorFlow for this process with environment variables, the only settings that its C API reads. Does not
 * change variables that the user has set. Must be called before the library is loaded.
 */
export function setEnvironment({ device, threads, deterministic = true }: TensorFlowOptions): void {
  const { env } = process;
  // 3: errors only. Messages about instruction sets and devices do not help a user of mlan.
  env["TF_CPP_MIN_LOG_LEVEL"] ??= "3";
  // Otherwise TensorFlow reserves nearly all memory of every GPU at the start.
  env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true";
  env["TF_NUM_INTRAOP_THREADS"] ??= String(threads ?? availableParallelism());
  if (deterministic) env["TF_DETERMINISTIC_OPS"] ??= "1";
  env["CUDA_VISIBLE_DEVICES"] = visibleDevice(device, env["CUDA_VISIBLE_DEVICES"]);
}

/**
 * Returns the value of CUDA_VISIBLE_DEVICES for TensorFlow: one GPU, chosen from the user's list `visible` if there is
 * one, or "-1" for "cpu". The binding would use the last of several GPUs.
 */
function visibleDevice(device: TensorFlowOptions["device"], visible: string | undefined): string {
  if (device === "cpu") return "-1";
  const index = typeof device === "number" ? device : 0;
  if (visible === undefined) return String(index);
  const listed = visible
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const name = listed[index];
  if (name !== undefined) return name;
  if (device === undefined) return "-1";
  throw new MlanError(
    "invalid-options",
    `backend-tensorflow: device ${device} does not exist: CUDA_VISIBLE_DEVICES ("${visible}") lists ${listed.length} ` +
      "GPUs. Choose a different device, or change the variable.",
  );
}
