import { z } from "zod";
import { CHECK_SCRIPT } from "./check-script.ts";
import { type Device, parseDevices } from "./devices.ts";
import type { InstallEnvironment } from "./install-environment.ts";
import { type Finished, runProcess } from "./run-process.ts";

export type BindingCheck = WorkingBinding | BrokenBinding;

interface WorkingBinding {
  readonly works: true;
  /** What the library calls itself. */
  readonly tensorFlowVersion: string;
  readonly devices: readonly Device[];
}

interface BrokenBinding {
  readonly works: false;
  /** What the loader or TensorFlow said, or how the process ended. */
  readonly reason: string;
}

// [[1, 2], [3, 4]] times [[5, 6], [7, 8]]; gradients of its sum are products with ones. Small whole numbers are exact
// in any order of summation, and in any precision down to bfloat16.
const EXPECTED = JSON.stringify({
  product: [19, 22, 43, 50],
  gradients: [
    [11, 15, 11, 15],
    [4, 4, 6, 6],
  ],
});
const SHOWN_LINES = 8;

const answerSchema = z.union([
  z.object({ error: z.string() }),
  z.object({ version: z.string(), values: z.unknown(), devices: z.string() }),
]);

/** Loads a binding in a process of its own and computes a matrix product and its gradients with it. */
export async function checkBinding(
  binding: { readonly file: string; readonly cudaLibraries: readonly string[] },
  environment: InstallEnvironment,
  signal?: AbortSignal,
): Promise<BindingCheck> {
  const question = JSON.stringify({ ...binding, koffi: import.meta.resolve("koffi") });
  const quiet = { TF_CPP_MIN_LOG_LEVEL: "3", TF_FORCE_GPU_ALLOW_GROWTH: "true" };
  const finished = await runProcess(
    process.execPath,
    ["--input-type=module", "--eval", CHECK_SCRIPT, question], //
    { variables: { ...quiet, ...environment.variables, NODE_OPTIONS: undefined }, signal },
  );
  const answer = answerSchema.safeParse(lastLine(finished.stdout));
  if (finished.status !== 0 || !answer.success) return { works: false, reason: ending(finished) };
  if ("error" in answer.data) return { works: false, reason: answer.data.error };
  const { version, values, devices } = answer.data;
  const computed = JSON.stringify(values);
  if (computed !== EXPECTED) return { works: false, reason: `it computes ${computed} instead of ${EXPECTED}` };
  return { works: true, tensorFlowVersion: version, devices: parseDevices(devices) };
}

function lastLine(text: string): unknown {
  try {
    return JSON.parse(text.trim().split("\n").at(-1) ?? "");
  } catch {
    return undefined;
  }
}

function ending({ status, signal, stderr, notStarted }: Finished): string {
  const how = notStarted ?? (signal === null ? `exit status ${status}` : `signal ${signal}`);
  const lines = stderr.trim().split("\n").slice(-SHOWN_LINES).join("\n  ");
  return `the process that loaded it ended with ${how}${lines === "" ? "" : `:\n  ${lines}`}`;
}
