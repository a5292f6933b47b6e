import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

it("the suites notice every plugin that breaks a promise, and which promise", () => {
  const vitest = fileURLToPath(new URL("../../../node_modules/vitest/vitest.mjs", import.meta.url));
  const root = fileURLToPath(new URL("broken/", import.meta.url));
  const { stdout } = spawnSync(process.execPath, [vitest, "run", "--root", root, "--reporter=json"], {
    encoding: "utf8",
  });
  const report: Report = JSON.parse(stdout);
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === "failed")
    .map(({ fullName }) => fullName);

  expect(failed.toSorted()).toEqual(
    [
      "same-ids keeps the dataset contract has examples with unique ids",
      "assistant-first yields conversations alternates turns, from a user's to an assistant's, after at most one system turn",
      "unreadable-images keeps the dataset contract has images that can be read, twice with the same bytes",
      "empty keeps the dataset contract has examples with unique ids",
      "moody keeps the dataset contract returns equal examples for equal indices, also after reopening",
      "has-another-default has protocols of distinct names, a default one, and no others",
      ...["paper", "strict"].flatMap((protocol) => [
        `asks-whom-it-cannot keeps the benchmark contract, protocol ${protocol} refuses a wording that it does not support`,
        `guesses keeps the benchmark contract, protocol ${protocol} never counts an answer without words as correct`,
        `cannot-read-its-target keeps the benchmark contract, protocol ${protocol} reads the target from an answer that consists of it, and counts it as correct`,
        `rewards-wrong-answers keeps the benchmark contract, protocol ${protocol} gives right answers a higher main score than wrong ones`,
      ]),
      "opens-once: cpu keeps the compute contract makes the backend of its name current, each time, even if a different one became current in between",
      "leaks: cpu keeps the compute contract disposes all tensors of a compiled function except its result, which the caller's tidy owns",
      "leaks: cpu keeps the compute contract counts the use of its device since the last query, if it counts",
      "remembers: cpu keeps the compute contract compiled functions return the results of the plain function, for any arguments and shapes",
      "remembers: cpu keeps the compute contract compiles functions that assign variables and compute gradients, and reads the current values",
      ...["leaks", "remembers"].map(
        (name) =>
          `${name}: cpu keeps the compute contract disposes of donated arguments, and of no others, and changes no tensor that shares their data`,
      ),
      "remembers: cpu keeps the compute contract sees a frozen variable that has changed",
      "remembers: cpu keeps the compute contract keeps at most the given number of recordings, and still calls a function after it was disposed",
    ].toSorted(),
  );
});
