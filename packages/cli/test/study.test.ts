import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, openSession, type Started, start } from "./command-line.ts";

const study = fixture("study.ts");
const typed = openSession();
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mlan-study-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const weightsIn = (folder: string, arm: string): Promise<string> =>
  readFile(join(folder, "letters", arm, "seed-1/checkpoints/tune/step-000006/model/fake-model.json"), "utf8");

async function filesNamed(name: string, folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true }).catch(() => []);
  return found.filter((path) => path.endsWith(name)).map((path) => join(folder, path));
}

/** Waits until a run of the study has taken a step of `stage`. */
async function untilStepOf(stage: string, folder: string, { process, finished }: Started): Promise<void> {
  for (;;) {
    for (const file of await filesNamed("metrics.jsonl", folder))
      if ((await readFile(file, "utf8")).includes(`"stage":"${stage}"`)) return;
    if (process.exitCode !== null) throw new Error(`it ended before: ${(await finished).stderr}`);
    await setTimeout(20);
  }
}

describe("mlan run with a study", () => {
  let reference: string;
  let tables: string;
  let notes: string;
  beforeAll(async () => {
    reference = join(root, "reference");
    const { status, stdout, stderr } = await typed(["run", study, "--folder", reference]);
    if (status !== 0) throw new Error(stderr);
    [tables, notes] = [stdout, stderr];
  });

  test("prints the outcome of each arm beside the others, and the state of each run", () => {
    expect(tables).toMatch(/^benchmark +metric +guessing +base +slow +fast +n$/m);
    expect(tables).toMatch(/^next-letters +accuracy +6\.3\*( +100\.0 \[80\.6, 100\.0\]){3} +16$/m);
    for (const arm of ["base", "slow", "fast"])
      expect(tables).toMatch(new RegExp(`^${arm} +letters +1 +done +before, align$`, "m"));
  });

  test("shows which run is running, and what it copies", () => {
    expect(notes).toMatch(/^\[1\/4\] before and align, letters, seed 1 {2}\[2\/2\] align {2}done in .*: 6 steps/m);
    expect(notes).toMatch(/^\[3\/4\] slow, letters, seed 1 {2}\[2\/4\] align {2}copied from .*shared/m);
    expect(notes.match(/6 steps, loss/g)).toHaveLength(3);
  });

  test("does nothing again that is done, and plans nothing", async () => {
    const again = await typed(["run", study, "--folder", reference]);
    expect([again.status, again.stdout]).toEqual([0, tables]);
    expect(again.stderr).not.toContain("steps, loss");
    const plan = await typed(["run", study, "--folder", reference, "--dry-run"]);
    expect(plan).toMatchObject({ status: 0, stdout: expect.stringContaining("To do: 0 of 7 stages") });
    const both = await typed(["run", study, "--folder", reference, "--parallel", "2"]);
    expect(both).toMatchObject({ status: 0, stdout: tables, stderr: expect.not.stringContaining("steps, loss") });
  });

  test("runs in the given number of processes again when the data of a finished study have changed", async () => {
    const words = ["run", study, "--folder", join(root, "changed")];
    expect(await typed(words)).toMatchObject({ status: 0 });
    const { status, stderr } = await start([...words, "--parallel", "2"], { SHIFTED: "yes" }).finished;
    expect(status).toBe(0);
    expect(stderr).toMatch(/^1: /m);
    expect(stderr).toMatch(/^2: /m);
    expect(stderr.match(/6 steps, loss/g)).toHaveLength(3);
  });

  test("plans each stage once, without writing anything", async () => {
    const folder = join(root, "planned");
    const { stdout } = await typed(["run", study, "--folder", folder, "--dry-run"]);
    expect(stdout).toMatch(/^before and align, letters, seed 1 +3 +before/m);
    expect(stdout).toMatch(/^slow, letters, seed 1 +tune/m);
    expect(stdout).toContain("To do: 7 of 7 stages");
    const { stdout: one } = await typed(["plan", study, "--folder", folder, "--arm", "base", "--json"]);
    expect(JSON.parse(one).tasks.map(({ stages }: { stages: object[] }) => stages)).toMatchObject([
      [{ name: "before" }, { name: "align" }],
      [{ name: "after", done: false }],
    ]);
    expect(existsSync(folder)).toBe(false);
  });

  test("plans the other arms when the data of one cannot be read, and fails", async () => {
    const { status, stdout } = await typed(["plan", fixture("lost-data.ts"), "--folder", join(root, "lost")]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^before, letters, seed 42 +2 +before$/m);
    expect(stdout).toMatch(/^lost, letters, seed 42 +cannot be planned$/m);
    expect(stdout).toMatch(/^lost on letters cannot be planned: lost: its rows cannot be read \(no such file\)/m);
  });

  test("resumes after SIGKILL and ends with the same weights", async () => {
    const folder = join(root, "killed");
    const run = start(["run", study, "--folder", folder], { PAUSE: "100" });
    await untilStepOf("tune", folder, run);
    run.process.kill("SIGKILL");
    expect((await run.finished).status).toBe(null);
    const { status, stderr } = await typed(["run", study, "--folder", folder]);
    expect(status).toBe(0);
    expect(stderr.match(/6 steps, loss/g)?.length).toBeLessThanOrEqual(2);
    for (const arm of ["slow", "fast"]) expect(await weightsIn(folder, arm)).toBe(await weightsIn(reference, arm));
  });

  test("divides the runs among processes, which stop with the one that started them", async () => {
    const folder = join(root, "parallel");
    const run = start(["run", study, "--folder", folder, "--parallel", "2"], { PAUSE: "150" });
    await untilStepOf("align", folder, run);
    run.process.kill("SIGKILL");
    while ((await filesNamed("run.lock", folder)).length > 0) await setTimeout(20);
    expect(await filesNamed("results.json", join(folder, "letters"))).toEqual([]);
    expect(await typed(["run", study, "--folder", folder])).toMatchObject({ status: 0, stdout: tables });
    for (const arm of ["slow", "fast"]) expect(await weightsIn(folder, arm)).toBe(await weightsIn(reference, arm));
  });

  test("divides the memory among processes", async () => {
    const words = ["run", fixture("hungry.ts"), "--folder", join(root, "hungry")];
    expect(await typed([...words, "--dry-run"])).toMatchObject({ status: 0 });
    const planned = await typed([...words, "--dry-run", "--parallel", "2"]);
    expect(planned).toMatchObject({ status: 1, stdout: expect.stringContaining("before does not fit.") });
    const refused = await typed([...words, "--parallel", "2"]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/stage "before" needs .* and each of 2 processes has [\d.]+ GB: run fewer at once/);
    expect(await typed(words)).toMatchObject({ status: 0 });
  });

  test("starts one process per run at most, so a single run has the whole memory", async () => {
    const words = ["run", fixture("hungry.ts"), "--folder", join(root, "hungry alone"), "--arm", "base"];
    expect(await typed([...words, "--dry-run", "--parallel", "2"])).toMatchObject({ status: 0 });
    const { status, stderr } = await typed([...words, "--parallel", "2"]);
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.not.stringMatching(/^\d: /m) });
  });

  test("goes on after a run whose failure cannot be recorded, and fails", async () => {
    const folder = join(root, "unrecorded");
    await mkdir(join(folder, "letters"), { recursive: true });
    await writeFile(join(folder, "letters/slow"), "a file of the user");
    const { status, stdout, stderr } = await typed(["run", study, "--folder", folder]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^\[3\/4\] slow, .* failed: .*letters\/slow is a file, where a folder is needed\. Move it away/m,
    );
    expect(stdout).toMatch(/^fast +letters +1 +done /m);
    expect(stdout).toMatch(/^slow: .*letters\/slow is a file, where a folder is needed\./m);
  });

  test("keeps its folder to itself", async () => {
    const { status, stderr } = await typed(["run", fixture("experiment.ts"), "--folder", reference]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/reference is the folder of a study, .* Give another folder with --folder\.$/m);
    expect(existsSync(join(reference, "manifest.json"))).toBe(false);
  });

  test("names the process that it waits for once, and not the processes that it started", async () => {
    const folder = join(root, "held");
    const lock = join(folder, "letters/base/seed-1/run.lock");
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, JSON.stringify({ host: hostname(), pid: process.pid, id: "held" }));
    const run = start(["run", study, "--folder", folder, "--parallel", "2"], { PAUSE: "50" });
    let notes = "";
    run.process.stderr?.on("data", (text: string) => (notes += text));
    while (!notes.includes("Waiting") && run.process.exitCode === null) await setTimeout(20);
    await rm(lock);
    const { status, stderr } = await run.finished;
    expect(status).toBe(0);
    expect(stderr.match(/Waiting.*\n.*/g)).toEqual([
      `Waiting for other processes:\n  base, letters, seed 1: process ${process.pid} is running it.`,
    ]);
  });

  // prettier-ignore
  test.each<[string, readonly string[], string]>([
    ["an unknown arm",             [study, "--arm", "mlan"],                      'there is no arm "mlan". Use one of: base, slow, fast.'],
    ["a seed that is no number",   [study, "--seed", "one"],                      "It must be a whole number, 0 or more."],
    ["a seed twice",               [study, "--seed", "1", "--seed", "1"],         "It is given twice."],
    ["no processes",               [study, "--parallel", "0"],                    "It must be a whole number, 1 or more."],
    ["a new beginning",            [study, "--fresh"],                            "to run all of it again, remove its folder"],
    ["an arm of an experiment",    [fixture("experiment.ts"), "--arm", "a"],      "are only for studies, and"],
    ["processes of an experiment", [fixture("experiment.ts"), "--parallel", "2"], "are only for studies, and"],
  ])("refuses %s", async (_, words, message) => {
    const { status, stderr } = await typed(["run", ...words, "--folder", join(root, "refused")]);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(existsSync(join(root, "refused"))).toBe(false);
  });

  test("is not what commands for experiments take", async () => {
    const { status, stderr } = await typed(["score", reference, "--experiment", study]);
    expect(status).toBe(1);
    expect(stderr).toContain("exports a study. Give a file that exports an experiment.");
  });
});
