import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkpointDigest, writeChecksums } from "@mlan/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, openSession, start, untilStep } from "./command-line.ts";

const experiment = fixture("experiment.ts");
const typed = openSession();
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mlan-cli-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Removes from the tables everything that depends on the speed of the machine. */
const timeless = (tables: string): string => tables.replaceAll(/[\d.]+s|\dm \d\ds/g, "").replaceAll(/ +/g, " ");

/** The final weights of a run. */
const weightsIn = (folder: string): Promise<string> =>
  readFile(
    join(
      folder,
      JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")).stages.learn.checkpoint,
      "fake-model.json",
    ),
    "utf8",
  );

describe("mlan run", () => {
  let reference: string;
  let tables: string;
  let notes: string;
  beforeAll(async () => {
    reference = join(root, "reference");
    const { status, stdout, stderr } = await typed(["run", experiment, "--folder", reference]);
    if (status !== 0) throw new Error(stderr);
    tables = stdout;
    notes = stderr;
  });

  test("prints what was reached and what it cost", () => {
    expect(tables).toMatch(/^benchmark +metric +guessing +before +after +n$/m);
    expect(tables).toMatch(/^next-letters +accuracy +6\.3\* +0\.0 \[0\.0, 19\.4\]° +100\.0 \[80\.6, 100\.0\] +16$/m);
    expect(tables).toMatch(/^learn +60 .* 3\.\d{3} → 0\.0\d\d$/m);
    expect(tables).not.toContain("\u001B");
  });

  test("writes plain lines when not on a terminal", () => {
    // Replace the folder first: the random name of a temporary folder may look like a time.
    const lines = notes.replaceAll(reference, "<folder>");
    expect(lines.replaceAll(/[\d.]+s/g, "_").replaceAll(/\d\.\d{3}/g, "#")).toBe(
      [
        "Checking the model, data, images and disk space.",
        "[1/3] before  starting",
        "[1/3] before · next-letters  accuracy 0.0 [0.0, 19.4] %, 16 questions",
        "[1/3] before  done in _",
        "[2/3] learn  starting",
        "[2/3] learn  done in _: 60 steps, loss # → #",
        "[3/3] after  starting",
        "[3/3] after · next-letters  accuracy 100.0 [80.6, 100.0] %, 16 questions",
        "[3/3] after  done in _",
        "Saved in <folder>. To print this again: npm run mlan -- show <folder>",
        "",
      ].join("\n"),
    );
  });

  test("does nothing again that is done", async () => {
    const { status, stdout, stderr } = await typed(["run", experiment, "--folder", reference]);
    expect(status).toBe(0);
    expect(stdout).toBe(tables);
    expect(stderr.match(/already done/g)).toHaveLength(3);
  });

  test("eval takes a run's checkpoint only while its checksums are those that the run recorded", async () => {
    const folder = join(root, "unvouched");
    await cp(reference, folder, { recursive: true });
    const place = join(folder, "manifest.json");
    const manifest = JSON.parse(await readFile(place, "utf8"));
    const checkpoint = pathToFileURL(`${join(folder, manifest.stages.learn.checkpoint)}/`);
    await writeChecksums(checkpoint);
    manifest.stages.learn.checkpointDigest = await checkpointDigest(checkpoint);
    await writeFile(place, JSON.stringify(manifest));
    const words = ["eval", "--model", "@mlan/core", "--weights", folder, "--benchmark", "boolq"];
    // It gets as far as importing the model's plugin, which @mlan/core is not.
    expect((await typed(words)).stderr).toContain("exports no function core");
    await writeFile(new URL("checksums.json", checkpoint), '{ "formatVersion": 1, "sha256": {} }');
    expect((await typed(words)).stderr).toMatch(
      /checksums\.json is not the one that the run recorded\. Restore it, or copy/,
    );
    await rm(new URL("checksums.json", checkpoint));
    expect((await typed(words)).stderr).toMatch(/checksums\.json is missing, so the weights cannot be verified\. /);
  });

  test("resumes after SIGKILL and ends with the same weights", async () => {
    const folder = join(root, "killed");
    const run = start(["run", experiment, "--folder", folder], { PAUSE: "50" });
    await untilStep(12, folder, run);
    run.process.kill("SIGKILL");
    expect((await run.finished).status).toBe(null);
    const { status, stdout, stderr } = await typed(["run", experiment, "--folder", folder]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/\[2\/3\] learn {2}resumes after step \d+/);
    expect(timeless(stdout)).toBe(timeless(tables));
    expect(await weightsIn(folder)).toBe(await weightsIn(reference));
  });

  test("stops cleanly on Ctrl-C, says how to resume, and resumes", async () => {
    const folder = join(root, "stopped");
    const run = start(["run", experiment, "--folder", folder], { PAUSE: "50" });
    await untilStep(7, folder, run);
    run.process.kill("SIGINT");
    const stopped = await run.finished;
    expect(stopped.status).toBe(130);
    expect(stopped.stdout).toBe("");
    expect(stopped.stderr).toContain("Stopping after this step. Ctrl-C again stops at once.");
    expect(stopped.stderr).toContain(
      `The same command resumes from here. To see the progress: npm run mlan -- show ${folder}`,
    );

    const shown = await typed(["show", folder]);
    expect(shown.stdout).toMatch(/^before +evaluate +done$/m);
    const reached = /^learn +train +at step (\d+) of 60$/m.exec(shown.stdout)?.[1];
    expect(shown.stdout).toMatch(/^after +evaluate +not started$/m);

    const { status, stderr } = await typed(["run", experiment, "--folder", folder]);
    expect(status).toBe(0);
    expect(stderr).toContain(`resumes after step ${reached}`); // no finished step is repeated
    expect(await weightsIn(folder)).toBe(await weightsIn(reference));
  });

  test("refuses a folder of a different experiment, unless with --fresh", async () => {
    const folder = join(root, "shared");
    await typed(["run", fixture("other-experiment.ts"), "--folder", folder]);
    const refused = await typed(["run", experiment, "--folder", folder]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(
      /^error: .*shared\/ contains a run of another experiment: experiment\.name was "another", now it is "alphabet"\./m,
    );
    expect(refused.stderr).not.toMatch(/^ +at /m);
    const fresh = await typed(["run", experiment, "--folder", folder, "--fresh"]);
    expect(fresh.status).toBe(0);
    expect(timeless(fresh.stdout)).toBe(timeless(tables));
  });

  test("removes nothing but a run when it is to begin afresh", async () => {
    const folder = join(root, "thesis");
    await mkdir(folder);
    await writeFile(join(folder, "chapter-1.txt"), "years of work");
    const { status, stderr } = await typed(["run", experiment, "--folder", folder, "--fresh"]);
    expect(status).toBe(1);
    expect(stderr).toContain("is not a run folder");
    expect(existsSync(join(folder, "chapter-1.txt"))).toBe(true);
  });

  test("keeps a run in runs/<name> below the folder where it was typed", async () => {
    const cwd = join(root, "project");
    await mkdir(cwd);
    const { status, stderr } = await typed(["run", experiment], cwd);
    expect(status).toBe(0);
    expect(stderr).toContain("Saved in runs/alphabet. To print this again: npm run mlan -- show runs/alphabet");
    expect(existsSync(join(cwd, "runs/alphabet/results.json"))).toBe(true);
  });

  test("show prints the same tables, and the loss", async () => {
    const { status, stdout } = await typed(["show", reference]);
    expect(status).toBe(0);
    expect(stdout).toContain(tables.trim());
    expect(stdout).toMatch(/^alphabet \(seed 42\), started \d{4}-\d\d-\d\d \d\d:\d\d UTC, in .*reference$/m);
    expect(stdout).toMatch(/^learn {2}█[▁-█]*▁ {2}3\.\d{3} → 0\.\d{3}$/m);
  });

  test("show lists files that changed since the run, and run says what it recreates", async () => {
    const edited = join(root, "edited");
    await cp(reference, edited, { recursive: true });
    const file = join(edited, "results.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"questions": 16', '"questions": 61'));
    const problem = "results.json was edited or damaged: the result of next-letters at before";
    const { status, stdout } = await typed(["show", edited]);
    expect(status).toBe(1);
    expect((await typed(["show", edited, "--json"])).status).toBe(1);
    expect(stdout.trimEnd()).toMatch(
      new RegExp(`\n\n${problem}\\. Run the experiment or study again in its folder to recreate it\\.$`),
    );
    const { warnings } = JSON.parse((await typed(["show", edited, "--json"])).stdout);
    expect(warnings).toContainEqual(
      expect.objectContaining({ kind: "damage", text: expect.stringContaining(problem), run: "alphabet" }),
    );
    const again = await typed(["run", experiment, "--folder", edited]);
    expect(again.stderr).toContain(`${problem}; recreating it\n`);
    expect((await typed(["show", edited])).stdout).not.toContain("results.json");
    expect((await typed(["show", reference])).stdout).not.toContain("recreat");
  });

  test("show names answers that are missing once, and exits with 1", async () => {
    const gone = join(root, "gone");
    await cp(reference, gone, { recursive: true });
    await rm(join(gone, "answers/after/next-letters.jsonl"));
    const { status, stdout } = await typed(["show", gone]);
    expect(status).toBe(1);
    expect(stdout.match(/next-letters\.jsonl/g)).toHaveLength(1);
    expect(stdout).toContain(tables.split("\n").find((line) => line.startsWith("next-letters")) ?? "no table");
  });

  test("show --json prints the view of a run for a program", async () => {
    const { status, stdout } = await typed(["show", reference, "--json"]);
    expect(status).toBe(0);
    const { format, runs, models, results, costs, curves } = JSON.parse(stdout);
    expect(format).toBe("mlan-view");
    expect(runs).toMatchObject([{ name: "alphabet", state: "done", folder: expect.stringMatching(/reference\/?$/) }]);
    expect(models.map(({ id }: { readonly id: string }) => id)).toEqual(["before", "after"]);
    expect(results.map(({ model }: { readonly model: string }) => model)).toContain("after");
    const learned = costs.find(({ stage }: { readonly stage: string }) => stage === "learn");
    expect(curves).toMatchObject([{ stage: "learn", source: "all", lastLoss: learned.training.lastLoss }]);
  });

  test("show prints the device use of steps, if the trainer counted it", async () => {
    const counted = join(root, "counted");
    await cp(reference, counted, { recursive: true });
    const file = join(counted, "metrics.jsonl");
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    const device = (step: number): object => ({ dispatches: 2000 - step, peakBytes: 1e9 + 1e7 * step });
    const rewritten = lines.map((line, step) => JSON.stringify({ ...JSON.parse(line), device: device(step) }));
    await writeFile(file, `${rewritten.join("\n")}\n`);
    const { stdout } = await typed(["show", counted]);
    expect(stdout).toMatch(/^Device$/m);
    expect(stdout).toMatch(/^learn: at most 2,000 dispatches and 1\.59 GB of tensors per step$/m);
    expect((await typed(["show", reference])).stdout).not.toMatch(/^Device$/m);
  });

  test("show prints a run whose numbers are not finite", async () => {
    const odd = join(root, "odd");
    await cp(reference, odd, { recursive: true });
    // As JSON writes NaN and infinity.
    for (const name of ["metrics.jsonl", "ledger.json", "results.json"]) {
      const text = await readFile(join(odd, name), "utf8");
      await writeFile(
        join(odd, name),
        text.replaceAll(/("(?:loss|firstLoss|value|seconds|smallestMargin)": ?)[-\d.e]+/g, "$1null"),
      );
    }
    const { status, stdout, stderr } = await typed(["show", odd]);
    expect(stderr).toBe("");
    // The files differ from what the run wrote.
    expect(status).toBe(1);
    expect(stdout).toMatch(/^learn {2}!+ {2}NaN → NaN$/m);
    expect(stdout).toMatch(/NaN( \[| ±|$)/m);
  });
});
