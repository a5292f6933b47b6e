import { availableParallelism } from "node:os";
import { MlanError } from "@mlan/core";
import type { TensorFlowOptions } from "../options.ts";

/**
 * Tells TensorFlow by environment variables, all that its C API reads, what it is to do in this process; those that
 * the user has set stay. To be called before the library is loaded.
 */
export function setEnvironment({ device, threads, deterministic = true }: TensorFlowOptions): void {
  const { env } = process;
  // 3: errors only. Its notes on instruction sets and devices are no news to a user of mlan.
  env["TF_CPP_MIN_LOG_LEVEL"] ??= "3";
  // Otherwise TensorFlow takes nearly all memory of every GPU at once.
  env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true";
  env["TF_NUM_INTRAOP_THREADS"] ??= String(threads ?? availableParallelism());
  if (deterministic) env["TF_DETERMINISTIC_OPS"] ??= "1";
  env["CUDA_VISIBLE_DEVICES"] = visibleDevice(device, env["CUDA_VISIBLE_DEVICES"]);
}

/**
 * The one GPU that TensorFlow is to see (the binding takes the last one of several), of those that `visible` (the
 * user's CUDA_VISIBLE_DEVICES) lists; none for "cpu".
 */
function visibleDevice(device: TensorFlowOptions["device"], visible: string | undefined): string {
  if (device === "cpu") return "-1";
  const place = typeof device === "number" ? device : 0;
  if (visible === undefined) return String(place);
  const listed = visible
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const name = listed[place];
  if (name !== undefined) return name;
  if (device === undefined) return "-1";
  throw new MlanError(
    "invalid-options",
    `backend-tensorflow: device ${device} is wanted, but CUDA_VISIBLE_DEVICES ("${visible}") shows ${listed.length} ` +
      "GPUs. Name another device, or change the variable.",
  );
}
