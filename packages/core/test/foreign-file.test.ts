import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readRun, writeChecksums } from "@mlan/core";
import { describe, expect, it } from "vitest";
import { build, folder, run, useScratchRuns } from "./scratch-run.ts";

useScratchRuns();

const fresh = () => run(build(), { fresh: true });
const place = (path: string): URL => new URL(path, folder);

describe("a fresh run, where a user keeps files among those of the stages", () => {
  it.each([
    "checkpoints/tune/notes.txt",
    "checkpoints/tune/step-3/notes.txt",
    "checkpoints/tune/step-3/deeper/notes.txt",
    "checkpoints/tune/best/notes.txt",
    "answers/after/notes.txt",
    "answers/after/bench.jsonl.copy",
    "answers/before/mine/notes.txt",
  ])("is refused with the name of %s, and removes nothing", async (path) => {
    await run();
    await mkdir(place(`${path}/..`), { recursive: true });
    await writeFile(place(path), "mine");
    const [manifest, names] = [(await readRun(folder)).manifest, await readdir(folder, { recursive: true })];
    const named = fileURLToPath(place(path)).replace(/(best|mine)\/notes\.txt$/, "$1/");
    await expect(fresh()).rejects.toThrow(`${named} was not written by the run and would be lost`);
    expect((await readRun(folder)).manifest).toEqual(manifest);
    expect(await readdir(folder, { recursive: true })).toEqual(names);
    await rm(place(path).href.includes("notes") ? new URL(named, "file:///") : place(path), { recursive: true });
    expect((await fresh()).at(-1)).toMatchObject({ type: "run-end" });
  });

  it("is refused for a copy of a checkpoint under another name", async () => {
    await run();
    await cp(place("checkpoints/tune/step-3/"), place("checkpoints/tune/step-3 keep/"), { recursive: true });
    await expect(fresh()).rejects.toThrow("step-3 keep/ was not written by the run and would be lost");
    expect(existsSync(place("checkpoints/tune/step-3%20keep/fake-model.json"))).toBe(true);
  });

  it("removes checkpoints with a list inside, what killed processes left, and what systems put everywhere", async () => {
    await run();
    const model = place("checkpoints/tune/step-3/model/");
    await mkdir(model);
    await writeFile(new URL("weights", model), "1");
    await writeChecksums(model, { changeable: ["base", "cache"] });
    // Written later, as the file that records where a base is.
    await writeFile(new URL("base", model), "somewhere");
    await writeChecksums(place("checkpoints/tune/step-3/"));
    await mkdir(place("checkpoints/tune/step-4.77.01234567-89ab-cdef-0123-456789abcdef.tmp/model/"), {
      recursive: true,
    });
    await writeFile(place("checkpoints/tune/.DS_Store"), "");
    expect((await fresh()).at(-1)).toMatchObject({ type: "run-end" });
    expect(await readdir(place("checkpoints/tune/"))).toEqual(["step-3"]);
    await writeFile(new URL("mine", place("checkpoints/tune/step-3/")), "");
    await expect(fresh()).rejects.toThrow("step-3/mine was not");
  });

  it("replaces a run whose list of checksums is damaged", async () => {
    await run();
    await writeFile(place("checkpoints/tune/step-3/checksums.json"), "{");
    expect((await fresh()).at(-1)).toMatchObject({ type: "run-end" });
    expect(await readFile(place("checkpoints/tune/step-3/checksums.json"), "utf8")).toContain("sha256");
  });
});
