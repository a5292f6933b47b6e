// The program that runs tfjs-core's tests, which conformance-run.ts puts into one file. Results go to file descriptor 3.
import { writeSync } from "node:fs";
import { JASMINE, type JasmineSpec } from "./jasmine-globals.ts";
import "./environment.ts";
import "@tensorflow/tfjs-core/dist/tests.js";
import type { SpecEvent } from "./conformance-run.ts";

const RESULTS = 3;

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

// Written at once: when the process dies, the last test that started is known.
function report(event: SpecEvent): void {
  writeSync(RESULTS, `${JSON.stringify(event)}\n`);
}

function described({ fullName, failedExpectations }: JasmineSpec): Pick<SpecEvent, "name" | "failures"> {
  return { name: fullName, failures: failedExpectations.map(({ message }) => message) };
}
