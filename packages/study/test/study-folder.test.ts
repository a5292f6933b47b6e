import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { isStudyFolder, readStudy } from "@mlan/study";
import { describe, expect, it } from "vitest";
import {
  align,
  ARMS,
  build,
  folder,
  letters,
  placeOf,
  run,
  states,
  stepsIn,
  test,
  tune,
  useScratchStudies,
} from "./small-study.ts";

useScratchStudies();

describe("a damaged folder of shared stages", () => {
  const shared = async (): Promise<URL> => {
    const [name = ""] = await readdir(new URL("shared/", folder));
    return new URL(`shared/${name}/`, folder);
  };

  it("leaves finished runs as they are, and is made again from them once it is removed", async () => {
    await run();
    await writeFile(new URL("manifest.json", await shared()), "{");
    const { vision: _, ...others } = ARMS;
    const arms = { ...others, late: [align, tune(letters("late")), test] };
    await run(build({ arms }));
    expect(await states()).toEqual({ base: "done", language: "done", late: "failed" });
    const message = (await readStudy(folder)).runs.at(-1)?.failure?.message;
    expect(message).toContain("manifest.json is not JSON");
    expect(message).toMatch(
      /Restore it, or remove .*\/shared\/small-seed-1-[\da-f]+\/ and run the study again, which copies .* possible\.$/,
    );
    await rm(await shared(), { recursive: true });
    expect(stepsIn(await run(build({ arms })))).toEqual({ tune: 3 });
    expect(await states()).toEqual({ base: "done", language: "done", late: "done" });
  });
});

describe("a study folder", () => {
  it("is continued by the study that began it, and by no other", async () => {
    await run();
    const other = { ...build(), name: "numbers" };
    await expect(run(other)).rejects.toThrow('contains the study "letters", not "numbers". Run in a different folder.');
  });

  // prettier-ignore
  it.each<[string, string, string]>([
    ["of a newer version", '{ "formatVersion": 2 }', "was written by a newer version of mlan: its study.json has format 2"],
    ["half-written",       '{ "formatVersion": 1, "na', "is damaged (it is not JSON). Remove the file and run the study again"],
    ["of another kind",    '{ "formatVersion": 1, "name": "letters" }', "is damaged ("],
    ["that leads outside", "outside", "expected a folder inside the study folder"],
  ])("%s is refused, by runs and readers", async (_, text, message) => {
    await run(build(), { only: { arms: ["base"] } });
    const file = new URL("study.json", folder);
    const outside = (await readFile(file, "utf8")).replace("small/base/seed-1/", "../../base/");
    await writeFile(file, text === "outside" ? outside : text);
    await expect(readStudy(folder)).rejects.toThrow(message);
    await expect(run()).rejects.toThrow(message);
    await rm(file);
    expect(stepsIn(await run(build(), { only: { arms: ["base"] } }))).toEqual({});
  });

  it.each([
    ["a folder", "it is a folder, where a file is needed. Move it away.", (file: URL) => mkdir(file)],
    ["a broken link", "it is a link to a file that does not exist.", (file: URL) => symlink("nowhere", file)],
  ])("with %s in place of a file says so, and what to do", async (_, problem, put) => {
    await run();
    const record = new URL("small/base/seed-1.failure.json", folder);
    const lock = new URL("run.lock", placeOf("vision"));
    await put(record);
    await put(lock);
    const failures = (await readStudy(folder)).runs.map(({ failure }) => failure?.message);
    expect(failures).toMatchObject([
      expect.stringContaining(`seed-1.failure.json cannot be read: ${problem}`),
      undefined,
      expect.stringContaining(`run.lock cannot be read: ${problem}`),
    ]);
    expect(await states()).toEqual({ base: "failed", language: "done", vision: "unreadable" });
    await rm(record, { recursive: true });
    await rm(lock, { recursive: true });
    expect(await states()).toEqual({ base: "done", language: "done", vision: "done" });
    const file = new URL("study.json", folder);
    await rm(file);
    await put(file);
    await expect(readStudy(folder)).rejects.toThrow(`study.json cannot be read: ${problem}`);
    await expect(run()).rejects.toThrow(`study.json cannot be read: ${problem}`);
    expect(await isStudyFolder(folder)).toBe(true);
  });

  it("with a folder in place of the record of a failure fails that run, and says why", async () => {
    await run();
    await mkdir(new URL("small/base/seed-1.failure.json/", folder));
    const failed = (await run()).flatMap((event) => (event.type === "task-end" ? (event.failure?.message ?? []) : []));
    expect(failed).toEqual([
      expect.stringMatching(
        /seed-1\.failure\.json cannot be removed: it is a folder, where a file is needed\. Move it away\.$/,
      ),
    ]);
  });

  it("with a file in place of a run folder says to move it away, as a run of a study has no other folder", async () => {
    await mkdir(new URL("small/vision/", folder), { recursive: true });
    await writeFile(new URL("small/vision/seed-1", folder), "a file of the user");
    const failed = (await run()).flatMap((event) => (event.type === "task-end" ? (event.failure?.message ?? []) : []));
    expect(failed).toEqual([
      expect.stringMatching(/vision\/seed-1 is a file, where a folder is needed\. Move it away\.$/),
    ]);
  });

  it("is neither a run folder nor missing", async () => {
    await expect(readStudy(folder)).rejects.toThrow("is not a study folder: it has no study.json");
    await run(build(), { only: { arms: ["base"] } });
    await expect(run(build(), { folder: placeOf("base") })).rejects.toThrow("contains a run, not a study");
  });

  it("can be read while a run folder is damaged", async () => {
    await run();
    await writeFile(new URL("manifest.json", placeOf("language")), "{");
    await writeFile(
      new URL("manifest.json", placeOf("vision")),
      await readFile(new URL("manifest.json", placeOf("base")), "utf8"),
    );
    expect(await states()).toEqual({ base: "done", language: "unreadable", vision: "changed" });
    await rm(new URL("manifest.json", placeOf("language")));
    expect(await states()).toMatchObject({ language: "unreadable" });
    const language = (await readStudy(folder)).runs.find(({ arm }) => arm === "language");
    expect(language?.failure?.message).toMatch(
      /contains checkpoints\/\w+ but no manifest\.json\. Restore manifest\.json, or remove .*\/language\/seed-1\/ and run the study again/,
    );
    await rm(placeOf("language"), { recursive: true });
    await run();
    expect(await states()).toEqual({ base: "done", language: "done", vision: "done" });
  });

  it("says how to replace a run whose manifest is damaged, although a run of a study has no other folder", async () => {
    await run();
    await writeFile(new URL("manifest.json", placeOf("language")), "{");
    const language = (await readStudy(folder)).runs.find(({ arm }) => arm === "language");
    expect(language?.failure?.message).toMatch(
      /is not JSON.* Restore it, or remove .*\/language\/seed-1\/ and run the study again/,
    );
    await rm(placeOf("language"), { recursive: true });
    await run();
    expect(await states()).toEqual({ base: "done", language: "done", vision: "done" });
  });
});
