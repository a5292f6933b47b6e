import { writeSync } from "node:fs";
import { JASMINE, type JasmineSpec } from "./jasmine-globals.ts";
// Without this import, tfjs-core has no gradients in Node.
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util.js";
import type { SpecEvent } from "./spec-event.ts";

const RESULTS = 3;

/**
 * Runs tfjs-core's tests on the current backend, writes each result as a line to file descriptor 3, and ends the
 * process. The program that run-suite.ts bundles calls it.
 */
export async function runSpecs(backendName: string): Promise<never> {
  // Importing the tests describes them for the environments that are registered.
  setTestEnvs([{ name: backendName, backendName, isDataSync: true }]);
  await import("@tensorflow/tfjs-core/dist/tests.js");
  JASMINE.configure({ random: false });
  JASMINE.addReporter({
    specStarted: ({ fullName }) => report({ event: "start", name: fullName, failures: [] }),
    specDone: (spec) => report({ event: spec.status === "pending" ? "skipped" : "spec", ...described(spec) }),
    suiteDone(suite) {
      if (suite.failedExpectations.length > 0) report({ event: "spec", ...described(suite) });
    },
  });
  await JASMINE.execute();
  report({ event: "end", name: "", failures: [] });
  process.exit(0);
}

// Synchronous, so that the last started test is known if the process dies.
function report(event: SpecEvent): void {
  writeSync(RESULTS, `${JSON.stringify(event)}\n`);
}

function described({ fullName, failedExpectations }: JasmineSpec): Pick<SpecEvent, "name" | "failures"> {
  return { name: fullName, failures: failedExpectations.map(({ message }) => message) };
}
