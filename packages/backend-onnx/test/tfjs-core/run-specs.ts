// The program that runs tfjs-core's tests; bundle.ts puts it into one file. Their results go to file descriptor 3.
import { writeSync } from "node:fs";
import { JASMINE, type JasmineSpec } from "./jasmine-globals.ts";
import "./environment.ts";
import "@tensorflow/tfjs-core/dist/tests.js";

const RESULTS = 3;
const [shard = 0, shards = 1] = process.argv.slice(2, 4).map(Number);
const only = process.argv[4];
let described = 0;

// Written at once: when the process dies, the last test that started is known.
function report(line: object): void {
  writeSync(RESULTS, `${JSON.stringify(line)}\n`);
}

function reportEnd(event: "spec" | "outside", { fullName, status, failedExpectations }: JasmineSpec): void {
  report({ event, name: fullName, status, failures: failedExpectations.map(({ message }) => message) });
}

JASMINE.configure({
  random: false,
  specFilter: (spec) => described++ % shards === shard && (only === undefined || spec.getFullName().includes(only)),
});
JASMINE.addReporter({
  specStarted: ({ fullName }) => report({ event: "start", name: fullName }),
  specDone: (spec) => reportEnd("spec", spec),
  suiteDone(suite) {
    if (suite.failedExpectations.length > 0) reportEnd("outside", suite);
  },
  jasmineDone({ failedExpectations }) {
    if (failedExpectations.length > 0) reportEnd("outside", { fullName: "the whole run", status: "failed", failedExpectations });
  },
});
await JASMINE.execute();
process.exit(0);
