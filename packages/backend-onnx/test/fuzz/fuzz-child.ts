import { writeSync } from "node:fs";
import { BackendError, useOnnxBackend } from "@mlan/backend-onnx";
import "@tensorflow/tfjs-backend-cpu";
// Registers the gradients.
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { hostileCases, type HostileCase } from "./hostile-cases.ts";

/** The outcome of a case on one backend. */
type Outcome =
  | { readonly kind: "values"; readonly results: readonly Result[] }
  | { readonly kind: "refused"; readonly typed: boolean; readonly message: string };

interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

const LONGEST_SECONDS = 10;
const [count = "0", seed = "0"] = process.argv.slice(2);
const cases = hostileCases(Number(count), Number(seed));
await tf.setBackend("cpu");
const expected = cases.map(outcomeOf);
await useOnnxBackend({ threads: 2 });
const faults: string[] = [];
const counts = { values: 0, refused: 0 };
for (const [index, hostile] of cases.entries()) {
  // Not buffered: when the process dies, the last line names the case.
  writeSync(1, `${hostile.name}\n`);
  const start = performance.now();
  const found = outcomeOf(hostile);
  const seconds = (performance.now() - start) / 1000;
  counts[found.kind]++;
  const fault = faultOf(found, expected[index]);
  if (fault !== undefined) faults.push(`${hostile.name}: ${fault}`);
  if (seconds > LONGEST_SECONDS) faults.push(`${hostile.name}: ${seconds} s`);
}
writeSync(1, `${JSON.stringify({ faults, ...counts, bytes: process.resourceUsage().maxRSS * 1024 })}\n`);

function outcomeOf({ run }: HostileCase): Outcome {
  try {
    const results = tf.tidy(() =>
      [run()]
        .flat()
        .map((tensor) => ({ shape: tensor.shape, dtype: tensor.dtype, values: Array.from(tensor.dataSync()) })),
    ) as unknown as Result[];
    return { kind: "values", results };
  } catch (error) {
    return {
      kind: "refused",
      typed: isTyped(error),
      message: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Whether an error was thrown on purpose, by this package or by tfjs-core, rather than by JavaScript itself. */
function isTyped(error: unknown): boolean {
  return BackendError.is(error) || (error instanceof Error && error.name === "Error");
}

/**
 * Returns what is wrong with an outcome; undefined if it is a typed error, tfjs-core's own error, or the values of the
 * backend "cpu".
 */
function faultOf(found: Outcome, wanted: Outcome | undefined): string | undefined {
  if (wanted === undefined) return "there is no outcome to compare with";
  if (found.kind === "refused") {
    const isTfjs = wanted.kind === "refused" && wanted.message === found.message;
    return found.typed || isTfjs ? undefined : `an untyped error: ${found.message}`;
  }
  // tfjs-core gives a slice that begins after its end a negative size; it is empty.
  if (wanted.kind === "refused" && wanted.message.includes("Negative size values")) return undefined;
  // The cpu backend fails on such an empty slice.
  if (wanted.kind === "refused" && wanted.message.includes("must match the product of shape 0")) return undefined;
  if (wanted.kind === "refused") return `values where cpu refuses: ${wanted.message}`;
  for (const [place, result] of found.results.entries()) {
    const other = wanted.results[place];
    if (other === undefined || result.shape.join() !== other.shape.join() || result.dtype !== other.dtype) {
      return `${result.dtype}[${result.shape.join()}] where cpu gives ${other?.dtype}[${other?.shape.join()}]`;
    }
    const far = result.values.findIndex((value, index) => !isClose(value, other.values[index] ?? NaN));
    if (far >= 0) return `${result.values[far]} at ${far} where cpu gives ${other.values[far]}`;
  }
  return undefined;
}

function isClose(found: number, wanted: number): boolean {
  return Object.is(found + 0, wanted + 0) || Math.abs(found - wanted) <= 1e-6 + 1e-4 * Math.abs(wanted);
}
