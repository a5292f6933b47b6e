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
      "moody keeps the dataset contract gives equal examples for equal indices, after opening again too",
      "has-another-default has protocols of distinct names, a default one, and no others",
      ...["paper", "strict"].flatMap((protocol) => [
        `asks-whom-it-cannot keeps the benchmark contract, protocol ${protocol} refuses a wording that it cannot ask in`,
        `guesses keeps the benchmark contract, protocol ${protocol} never holds an answer of no words for correct`,
        `cannot-read-its-target keeps the benchmark contract, protocol ${protocol} reads a target that is given as the answer, and holds it for correct`,
        `rewards-wrong-answers keeps the benchmark contract, protocol ${protocol} gives right answers a higher headline number than wrong ones`,
      ]),
      "opens-once: cpu keeps the compute contract makes the backend of its name current, each time, even if a different one became current in between",
      "leaks: cpu keeps the compute contract gives all back that a compiled function makes, but its result, which belongs to the caller's tidy",
      "leaks: cpu keeps the compute contract counts what its device was used for since it was asked last, where it counts",
      "remembers: cpu keeps the compute contract compiles to what the plain function gives, for any arguments and shapes",
      "remembers: cpu keeps the compute contract compiles functions that assign variables and take gradients, and sees the values of the moment",
      ...["leaks", "remembers"].map(
        (name) =>
          `${name}: cpu keeps the compute contract disposes of donated arguments, and of no others, and changes no tensor that shares their data`,
      ),
      "remembers: cpu keeps the compute contract sees a frozen variable that has changed",
      "remembers: cpu keeps the compute contract keeps no more recordings than it is told, and calls a function after it was disposed",
    ].toSorted(),
  );
});
