import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { experiment, MlanError, readRun, runExperiment, runningProcess } from "@mlan/core";
import { describe, expect, it } from "vitest";
import { build, children, folder, run, runUntil, weights, optionsOf, useScratchRuns } from "./scratch-run.ts";
import { all } from "./small-run.ts";

useScratchRuns();

describe("metrics.jsonl", () => {
  const file = (): URL => new URL("metrics.jsonl", folder);
  const stepsIn = async (): Promise<readonly number[]> => (await readRun(folder)).metrics.map(({ step }) => step);
  const COSTS = { steps: 3, text: 30, flops: 300, seconds: 1.5, firstLoss: 3, lastLoss: 1 };

  // prettier-ignore
  it.each<[string, (lines: readonly string[]) => readonly string[]]>([
    ["a missing line",   ([, second = ""]) => [second]],
    ["a doubled line",   ([first = "", second = ""]) => [first, first, second]],
    ["an edited line",   ([first = "", second = ""]) => [first.replace('"flops":100', '"flops":9'), second]],
    ["a damaged line",   ([first = ""]) => [first, '{"stage":"tune","st'.padEnd(40, "x")]],
    ["no line",          () => []],
  ])("%s is put right from the checkpoint", async (_, damage) => {
    await expect(run(build({ diesAt: 3, tellsHistory: true }))).rejects.toThrow("killed");
    const lines = (await readFile(file(), "utf8")).trimEnd().split("\n");
    await writeFile(file(), damage(lines).map((line) => `${line}\n`).join(""));
    expect((await run(build({ tellsHistory: true }))).at(-1)).toMatchObject({ ledger: [COSTS] });
    expect(await stepsIn()).toEqual([1, 2, 3]);
    expect((await readRun(folder)).ledger).toMatchObject([COSTS]);
  });

  it("that lacks a step is refused where the checkpoint does not tell", async () => {
    await expect(run(build({ diesAt: 3 }))).rejects.toThrow("killed");
    const [, second] = (await readFile(file(), "utf8")).split("\n");
    await writeFile(file(), `${second}\n`);
    await expect(run()).rejects.toThrow(/metrics\.jsonl lacks step 1 of the 2 steps that stage "tune" has done/);
  });

  it("and ledger.json may be lost or edited when the training is done", async () => {
    await run();
    await rm(file());
    await writeFile(new URL("ledger.json", folder), "[]\n");
    expect((await run()).at(-1)).toMatchObject({ ledger: [COSTS] });
    expect((await readRun(folder)).ledger).toMatchObject([COSTS]);
  });
});

describe("two runs in one folder", () => {
  const lock = (): URL => new URL("run.lock", folder);
  const held = { host: hostname(), id: "other" };

  it("cannot be, and the first is not disturbed", async () => {
    const first = runExperiment(build(), { folder });
    await first.next();
    await expect(run()).rejects.toThrow(`process ${process.pid} is running in ${fileURLToPath(folder)}`);
    await expect(run(build(), { fresh: true })).rejects.toSatisfy((error) => MlanError.is(error, "in-use"));
    expect((await all(first)).at(-1)).toMatchObject({ type: "run-end" });
    expect(existsSync(lock())).toBe(false);
  });

  it("of which one ended by an error, a break or an abort: the next may begin", async () => {
    await expect(run(build({ diesAt: 2 }))).rejects.toThrow("killed");
    await runUntil(({ type }) => type === "stage-progress");
    await expect(run(build(), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
    expect(existsSync(lock())).toBe(false);
    await run();
  });

  it("of which one was killed: its lock is taken over, by one of many", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.on("exit", resolve));
    await mkdir(folder);
    await writeFile(lock(), JSON.stringify({ ...held, pid: child.pid }));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => run()));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
    expect(outcomes.length - refused.length).toBeGreaterThan(0);
    for (const reason of refused) expect(reason).toContain(`process ${process.pid} is running in`);
    expect((await readRun(folder)).metrics.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect((await readdir(folder)).filter((name) => /lock|tmp/.test(name))).toEqual([]);
  });

  it("of which one was killed before it had filled its lock: the next may begin", async () => {
    await mkdir(folder);
    await writeFile(lock(), "");
    await utimes(lock(), 1e9, 1e9);
    expect((await run()).at(-1)).toMatchObject({ type: "run-end" });
    expect((await readdir(folder)).filter((name) => /lock|tmp/.test(name))).toEqual([]);
  });

  it("of which one lives in another process is refused", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    children.push(child);
    await mkdir(folder);
    await writeFile(lock(), JSON.stringify({ ...held, pid: child.pid }));
    await expect(run()).rejects.toThrow(`process ${child.pid} is running in`);
  });

  it.runIf(process.platform === "linux")("a number that the system gave to another process is no holder", async () => {
    await mkdir(folder);
    await writeFile(lock(), JSON.stringify({ ...held, pid: process.pid, processStarted: "1" }));
    expect((await run()).at(-1)).toMatchObject({ type: "run-end" });
  });

  it("of which one is on another machine is refused, with the remedy", async () => {
    await mkdir(folder);
    await writeFile(lock(), JSON.stringify({ host: "elsewhere", pid: 7, id: "other" }));
    await expect(run()).rejects.toThrow(
      `process 7 on elsewhere is running in ${fileURLToPath(folder)}, and two runs in one folder would mix their results. This machine cannot tell whether it still runs. When it no longer does, remove ${fileURLToPath(lock())}.`,
    );
  });
});

it("a folder without a manifest is not continued: nothing says what its checkpoints were made from", async () => {
  await run();
  await rm(new URL("manifest.json", folder));
  await expect(run()).rejects.toThrow(/contains checkpoints\/\S+ but no manifest\.json/);
});

describe("a fresh run", () => {
  const notes = (): URL => new URL("notes.txt", folder);

  it("removes what the old one wrote and nothing else", async () => {
    await run();
    await writeFile(notes(), "mine");
    await mkdir(new URL("checkpoints/mine/", folder));
    await writeFile(new URL("answers.txt", folder), "mine");
    const events = await run(build(), { fresh: true });
    expect(events.filter((event) => event.type === "stage-end").every(({ skipped }) => !skipped)).toBe(true);
    expect(await readFile(notes(), "utf8")).toBe("mine");
    expect((await readdir(folder)).toSorted()).toEqual(
      [
        "answers",
        "answers.txt",
        "checkpoints",
        "ledger.json",
        "manifest.json",
        "metrics.jsonl",
        "notes.txt",
        "results.json",
      ].toSorted(),
    );
    expect(existsSync(new URL("checkpoints/mine/", folder))).toBe(true);
  });

  it("may follow another experiment", async () => {
    await run();
    const other = experiment({ ...optionsOf(build()), name: "other" });
    await expect(run(other)).rejects.toThrow("contains a run of another experiment");
    await run(other, { fresh: true });
    expect((await readRun(folder)).manifest.plan.name).toBe("other");
  });

  it("may replace one whose results are damaged, or that an earlier version wrote", async () => {
    await run();
    await writeFile(new URL("results.json", folder), "{}");
    expect((await run(build(), { fresh: true })).at(-1)).toMatchObject({ type: "run-end" });
    const manifest = JSON.parse(await readFile(new URL("manifest.json", folder), "utf8"));
    await writeFile(new URL("manifest.json", folder), JSON.stringify({ ...manifest, formatVersion: 1 }));
    await expect(run()).rejects.toThrow("was written by an earlier version of mlan");
    expect((await run(build(), { fresh: true })).at(-1)).toMatchObject({ type: "run-end" });
  });

  it("removes nothing when it cannot begin", async () => {
    await run();
    const before = await readFile(new URL("results.json", folder), "utf8");
    await rm(weights);
    await expect(run(build(), { fresh: true })).rejects.toThrow("cannot be read");
    await writeFile(weights, "first weights");
    expect(await readFile(new URL("results.json", folder), "utf8")).toBe(before);
    expect((await run()).filter((event) => event.type === "stage-end")).toMatchObject([{ skipped: true }, {}, {}]);
  });

  it("refuses a folder that is no run", async () => {
    await mkdir(folder);
    await writeFile(notes(), "mine");
    await expect(run(build(), { fresh: true })).rejects.toThrow('is not a run folder: it contains "notes.txt"');
    await writeFile(new URL("manifest.json", folder), '{"name": "a web page"}');
    await expect(run(build(), { fresh: true })).rejects.toThrow("its manifest.json was not written by a run");
    expect(await readFile(notes(), "utf8")).toBe("mine");
  });

  it("that was killed while it set the old run aside puts it back", async () => {
    await run();
    await mkdir(new URL(".replaced-run/", folder));
    for (const name of ["manifest.json", "results.json"]) {
      await writeFile(new URL(`.replaced-run/${name}`, folder), await readFile(new URL(name, folder)));
      await rm(new URL(name, folder));
    }
    expect((await run()).filter((event) => event.type === "stage-end")).toMatchObject([{ skipped: true }, {}, {}]);
    expect(existsSync(new URL(".replaced-run/", folder))).toBe(false);
  });
});

describe("a run folder", () => {
  it("may be given as a path", async () => {
    const path = relative(process.cwd(), fileURLToPath(folder));
    await all(runExperiment(build(), { folder: path }));
    expect((await readRun(path)).folder.href).toBe(folder.href);
    expect((await readRun(folder.href.slice(0, -1))).folder.href).toBe(folder.href);
  });

  it("is freed of what killed processes were writing", async () => {
    await run();
    const kept = new URL("notes.7.tmp", folder);
    await writeFile(kept, "mine");
    const litter = [
      "manifest.json.01234567-89ab-cdef-0123-456789abcdef.tmp",
      "results.json.4711.tmp",
      "run.lock.01234567-89ab-cdef-0123-456789abcdef.tmp",
      "run.lock.claim.empty-1700000000000.tmp",
      "answers/x/y.jsonl.01234567-89ab-cdef-0123-456789abcdef.tmp",
      "answers/x/y.jsonl.4711.tmp",
    ].map((name) => new URL(name, folder));
    await mkdir(new URL("answers/x/", folder), { recursive: true });
    for (const file of litter) await writeFile(file, "half");
    await run();
    expect(litter.filter((file) => existsSync(file))).toEqual([]);
    expect(existsSync(kept)).toBe(true);
  });

  // prettier-ignore
  it.each([
    ["manifest.json", "null",                                           "its manifest.json was not written by a run"],
    ["manifest.json", "[]",                                             "its manifest.json was not written by a run"],
    ["manifest.json", '{"formatVersion":1,"plan":{},"versions":{}}',    "stages"],
    ["manifest.json", '{"formatVersion":3}',                            /run\/ was written by a newer version of mlan: its manifest\.json has format 3, and this version reads formats up to 2\. Update mlan\.$/],
    ["manifest.json", '{"formatVersion":2,"versions":{}}',              /its manifest\.json was not written by a run; it lacks plan, created, stages\. Restore it, or give another folder\.$/],
    ["results.json",  "{}",                                             "results.json is not what a run writes there (expected a list, found an object). Restore it, or run the experiment or study again, which recreates it"],
    ["results.json",  "[{",                                             "results.json is not JSON. Restore it, or run the experiment or study again, which recreates it"],
    ["ledger.json",   "[1]",                                            'ledger.json is not what a run writes there (key "0": expected an entry with stage, found 1).'],
    ["metrics.jsonl", "{}\n",                                           "line 1 of"],
    ["metrics.jsonl", "oops\n",                                         "line 1 of"],
  ])("with a %s of %s is refused in one sentence", async (name, text, message) => {
    await run();
    await writeFile(new URL(name, folder), text);
    await expect(readRun(folder)).rejects.toThrow(message);
    await expect(readRun(folder)).rejects.toSatisfy((error) => MlanError.is(error, "run-folder"));
  });

  it.skipIf(process.getuid?.() === 0)("that may not be read says why", async () => {
    await run();
    await chmod(new URL("results.json", folder), 0);
    await expect(readRun(folder)).rejects.toThrow(
      /results\.json cannot be read: permission denied\. Change the permissions/,
    );
  });

  const FOLDER = "it is a folder, where a file is needed\\. Move it away\\.";
  const LINK = "it is a link to a file that does not exist\\. Restore that file, or remove the link\\.";
  describe.each([
    ["a folder", FOLDER, (file: URL) => mkdir(file)],
    ["a broken link", LINK, (file: URL) => symlink("nowhere", file)],
  ])("with %s in place of a file", (_, problem, put) => {
    const RUN_FILES = ["manifest.json", "metrics.jsonl", "ledger.json", "results.json"];

    it.each(RUN_FILES)("names %s and the remedy when it is read", async (name) => {
      await run();
      await rm(new URL(name, folder));
      await put(new URL(name, folder));
      await expect(readRun(folder)).rejects.toThrow(
        new RegExp(`/run/${name.replace(".", "\\.")} cannot be read: ${problem}$`),
      );
    });

    it.each([...RUN_FILES, "run.lock"])("names %s and the remedy when the run is continued", async (name) => {
      await run();
      await rm(new URL(name, folder), { force: true });
      await put(new URL(name, folder));
      await expect(run()).rejects.toThrow(new RegExp(`/run/${name.replace(".", "\\.")} cannot be read: ${problem}$`));
    });

    it("reports it as damage where damaged files are skipped", async () => {
      await run();
      const names = ["metrics.jsonl", "ledger.json", "results.json", "answers/after/bench.jsonl"];
      for (const name of names) {
        await rm(new URL(name, folder));
        await put(new URL(name, folder));
      }
      const { damage } = await readRun(folder, { skipDamaged: true });
      for (const name of names) {
        expect(damage.find(({ file }) => file === name)?.problem).toMatch(
          new RegExp(`/run/${name.replace(".", "\\.")} cannot be read: ${problem.replace(/\\\.$/, "")}$`),
        );
      }
    });
  });

  it("with a folder in place of the lock names it where a lock is looked for", async () => {
    await mkdir(new URL("run.lock/", folder), { recursive: true });
    await expect(runningProcess(folder)).rejects.toThrow(new RegExp(`run\\.lock cannot be read: ${FOLDER}$`));
  });
});
