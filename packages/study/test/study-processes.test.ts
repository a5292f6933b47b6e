import { mkdir, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { evaluate, type Stage } from "@mlan/core";
import { runStudy } from "@mlan/study";
import { memoryBenchmark } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import { align, ARMS, build, folder, placeOf, run, states, stepsIn, useScratchStudies } from "./small-study.ts";

useScratchStudies();

describe("two processes", () => {
  it("divide the runs of a study", async () => {
    const value = build({ seeds: [1, 2] });
    const [one, other] = await Promise.all([run(value), run(build({ seeds: [1, 2] }))]);
    const [first, second] = [stepsIn(one), stepsIn(other)];
    expect({
      align: (first["align"] ?? 0) + (second["align"] ?? 0),
      tune: (first["tune"] ?? 0) + (second["tune"] ?? 0),
    }).toEqual({ align: 6, tune: 12 });
    expect(await states()).toEqual({ base: "done", language: "done", vision: "done" });
  });
});

describe("a run that is locked by another machine", () => {
  it("is waited for, and each process that holds it is named once", async () => {
    const [holder, since] = [{ host: "elsewhere.example", pid: 4711, id: "x" }, "2026-11-28T02:00:00.000Z"];
    const lock = new URL("run.lock", placeOf("vision"));
    await mkdir(placeOf("vision"), { recursive: true });
    await writeFile(lock, JSON.stringify({ ...holder, since }));
    const waits: string[] = [];
    for await (const event of runStudy(build(), { folder })) {
      if (event.type !== "study-wait") continue;
      expect(await states()).toEqual({ base: "done", language: "done", vision: "running" });
      for (const { task, reason } of event.tasks) waits.push(`${task.label}: ${reason}`);
      // The first process ends, and another one on this machine continues its run.
      if (waits.length === 1) await writeFile(lock, JSON.stringify({ host: hostname(), pid: process.pid, id: "y" }));
      else await rm(lock);
    }
    expect(waits).toEqual([
      expect.stringMatching(
        /^vision, small, seed 1: process 4711 on elsewhere\.example is running it since 2026-11-28T02:00:00\.000Z\. .* remove .*\/vision\/seed-1\/run\.lock\.$/,
      ),
      `vision, small, seed 1: process ${process.pid} is running it.`,
    ]);
    expect(await states()).toEqual({ base: "done", language: "done", vision: "done" });
  });
});

describe("a finished run that another process is checking", () => {
  it("is not done before that process has found its data unchanged", async () => {
    await run(build());
    const lock = new URL("run.lock", placeOf("vision"));
    await writeFile(lock, JSON.stringify({ host: hostname(), pid: process.pid, id: "y" }));
    const ends: string[] = [];
    let waits = 0;
    for await (const event of runStudy(build(), { folder })) {
      if (event.type === "task-end") ends.push(event.task.label);
      if (event.type !== "study-wait") continue;
      waits++;
      expect(ends).not.toContain("vision, small, seed 1");
      await rm(lock);
    }
    expect(waits).toBe(1);
    expect(ends).toContain("vision, small, seed 1");
  });
});

describe("a run that fails in one of two processes", () => {
  it("is not tried again by the other", async () => {
    let tries = 0;
    const failing: Stage = {
      ...evaluate({ name: "failing", benchmarks: [memoryBenchmark("bench", [])] }),
      // oxlint-disable-next-line require-yield
      async *run() {
        tries++;
        throw new Error("the lamp is out");
      },
    };
    const arms = { broken: [align, failing], ...ARMS };
    await Promise.all([run(build({ arms })), run(build({ arms }))]);
    expect(tries).toBe(1);
  });
});
