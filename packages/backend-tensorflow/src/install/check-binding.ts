import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { type Device, parseDeviceList } from "../device/device-list.ts";
import type { InstallEnvironment } from "./install-environment.ts";
import type { InstalledBinding } from "./installed-binding.ts";
import { NATIVE_CHECK } from "./native-check.ts";
import { PUBLIC_CHECK } from "./public-check.ts";
import { type Finished, runProcess } from "./run-process.ts";

export type BindingCheck = WorkingBinding | BrokenBinding;

interface WorkingBinding {
  readonly works: true;
  /** The version that the library reports. */
  readonly tensorFlowVersion: string;
  /** Empty for the stock binding, which cannot list devices. */
  readonly devices: readonly Device[];
}

interface BrokenBinding {
  readonly works: false;
  /** The error message of the loader or of TensorFlow. Without a message, how the process ended. */
  readonly reason: string;
}

// [[1, 2], [3, 4]] times [[5, 6], [7, 8]], and the gradients of the product's sum: products with ones. Small whole
// numbers are exact in any order of summation, and in any precision down to bfloat16.
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

/**
 * Loads a binding in separate processes and computes a matrix product and its gradients: with the addon alone, then
 * through TensorFlow.js.
 */
export async function checkBinding(
  { file, cudaLibraries }: Pick<InstalledBinding, "file" | "cudaLibraries">,
  environment: InstallEnvironment,
  signal?: AbortSignal,
): Promise<BindingCheck> {
  const native = { file, cudaLibraries, koffi: moduleUrl("koffi") };
  const variables = { TF_CPP_MIN_LOG_LEVEL: "3", TF_FORCE_GPU_ALLOW_GROWTH: "true", ...environment.variables };
  const alone = await run([], NATIVE_CHECK, native, variables, signal);
  if (!alone.works) return alone;
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const users = {
    index: new URL(`../index.${extension}`, import.meta.url).href,
    tfjs: moduleUrl("@tensorflow/tfjs-core"),
  };
  const sources = extension === "ts" ? ["--import", moduleUrl("tsx"), "--conditions=@mlan/source"] : [];
  const named = { ...environment.variables, MLAN_TENSORFLOW_BINDING: file };
  const through = await run(sources, PUBLIC_CHECK, users, named, signal);
  return through.works ? alone : { ...through, reason: `through TensorFlow.js, ${through.reason}` };
}

function moduleUrl(name: string): string {
  return pathToFileURL(createRequire(import.meta.url).resolve(name)).href;
}

async function run(
  flags: readonly string[],
  program: string,
  question: object,
  variables: InstallEnvironment["variables"],
  signal: AbortSignal | undefined,
): Promise<BindingCheck> {
  const words = [...flags, "--input-type=module", "--eval", program, JSON.stringify(question)];
  const own = { ...variables, NODE_OPTIONS: undefined };
  const finished = await runProcess(process.execPath, words, { variables: own, signal });
  const answer = answerSchema.safeParse(lastLine(finished.stdout));
  if (finished.status !== 0 || !answer.success) return { works: false, reason: ending(finished) };
  if ("error" in answer.data) return { works: false, reason: answer.data.error };
  const { version, values, devices } = answer.data;
  const computed = JSON.stringify(values);
  if (computed !== EXPECTED) return { works: false, reason: `it computes ${computed} instead of ${EXPECTED}` };
  return { works: true, tensorFlowVersion: version, devices: parseDeviceList(devices) };
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
