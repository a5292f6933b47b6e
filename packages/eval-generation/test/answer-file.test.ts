import { readFile, truncate, writeFile } from "node:fs/promises";
import { type EvaluateRun, MlanError, take } from "@mlan/core";
import { temporaryFolder } from "@mlan/testing";
import { describe, expect, test } from "vitest";
import { parity } from "./parity.ts";
import { scriptedModel } from "./scripted-model.ts";
import { questions, knowing, evaluatorOf, eventsOf, resultOf } from "./evaluate-parity.ts";

const freshFile = (): URL => new URL("answers/parity.jsonl", temporaryFolder());

test("of the first questions says how many there are, and keeps its answers from those to all", async () => {
  const [benchmark, answers] = [parity({ questions }), freshFile()];
  const run = { model: scriptedModel(knowing), protocol: "strict" as const, answers };
  const few = await resultOf({ ...run, benchmark: take(benchmark, 5) });
  expect(few).toMatchObject({ benchmark: "parity", questions: 5, questionsInBenchmark: questions });
  expect(JSON.parse((await readFile(answers, "utf8")).split("\n")[0] ?? "")).toMatchObject({
    questions: 5,
    questionsInBenchmark: questions,
  });
  await expect(resultOf({ ...run, benchmark })).rejects.toMatchObject({
    code: "run-folder",
    message: expect.stringContaining("its questions is 5, now it is 12"),
  });
  const whole = await resultOf({ ...run, benchmark, answers: freshFile() });
  expect(whole).not.toHaveProperty("questionsInBenchmark");
  expect(few.fingerprints.questions).not.toBe(whole.fingerprints.questions);
});

describe("the answer file", () => {
  const benchmark = parity({ questions });
  const protocol = "strict";

  test("makes a run that stops anywhere end with the same result as one that does not", async () => {
    const whole = freshFile();
    const expected = await resultOf({ model: scriptedModel(knowing), benchmark, protocol, answers: whole });
    const bytes = await readFile(whole);
    for (const length of [0, 10, bytes.indexOf("\n") + 1, 700, bytes.length - 1, bytes.length]) {
      const answers = freshFile();
      await eventsOf({ model: scriptedModel(knowing), benchmark, protocol, answers });
      await truncate(answers, length);
      const model = scriptedModel(knowing);
      expect(await resultOf({ model, benchmark, protocol, answers })).toEqual(expected);
      const kept = Math.max(0, bytes.subarray(0, length).filter((byte) => byte === 0x0a).length - 1);
      expect(model.asked).toHaveLength(questions - kept);
      expect((await readFile(answers, "utf8")).split("\n")).toHaveLength(questions + 2);
    }
  });

  test("holds every answer whose event was seen when the caller stops", async () => {
    const answers = freshFile();
    for await (const event of evaluatorOf().evaluate({ model: scriptedModel(knowing), benchmark, protocol, answers })) {
      if (event.type === "question-answered" && event.answered === 5) break;
    }
    const model = scriptedModel(knowing);
    const events = await eventsOf({ model, benchmark, protocol, answers });
    expect(events[0]).toMatchObject({ answered: 5 });
    expect(model.asked).toHaveLength(questions - 5);
    expect(
      (await readFile(answers, "utf8"))
        .split("\n")
        .map((line) => line && JSON.parse(line).id)
        .filter(Boolean)
        .toSorted(),
    ).toEqual(Array.from({ length: questions }, (_, index) => `${index}`).toSorted());
  });

  test("does not call a model for answers it has", async () => {
    const answers = freshFile();
    const expected = await resultOf({ model: scriptedModel(knowing), benchmark, protocol, answers });
    const mute = scriptedModel(() => {
      throw new Error("asked");
    });
    expect(await resultOf({ model: mute, benchmark, protocol, answers })).toEqual(expected);
  });

  test.each([
    ["benchmark", { benchmark: parity({ questions: 3 }) }, /questions is 12, now it is 3/],
    ["protocol", { protocol: "paper" as const }, /protocol is strict, now it is paper/],
    ["model", { model: scriptedModel(knowing, { fingerprint: "another" }) }, /model is .*, now it is another/],
    ["stage", { stage: "after-1" }, /its stage is after 1, now it is after-1/],
    ["weights", { weights: "b" }, /its weights is a, now it is b/],
    ["unknown weights", { weights: undefined }, /its weights is a, now it is unknown/],
    ["wording", { benchmark: parity({ questions, wording: "Even: {n}?" }) }, /fingerprints\.prompts is/],
  ])("of another %s is refused and left as it is", async (_, change, message) => {
    const answers = freshFile();
    const named = { stage: "after 1", weights: "a" };
    const run = { model: scriptedModel(knowing), benchmark, protocol, answers, ...named } as const;
    await eventsOf(run);
    const before = await readFile(answers);
    const error: unknown = await eventsOf(without({ ...run, ...change })).catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "run-folder")).toBe(true);
    expect(String(error)).toMatch(message);
    expect(String(error)).toMatch(/Delete the file to ask again\./);
    expect(await readFile(answers)).toEqual(before);
  });

  test.each([
    ["edited", (text: string) => text.replace('"correct":true', '"correct":false')],
    ["damaged", (text: string) => text.replace('"answer":" yes', '"answer":" no')],
    ["moved to another question", (text: string) => text.replace('"id":"3"', '"id":"5"')],
    ["removed", (text: string) => text.replace(/.*"id":"3".*\n/, "")],
  ])("asks again for an answer that was %s, and for no other", async (_, damage) => {
    const answers = freshFile();
    const expected = await resultOf({ model: scriptedModel(knowing), benchmark, protocol, answers });
    const text = await readFile(answers, "utf8");
    await writeFile(answers, damage(text));
    const model = scriptedModel(knowing);
    expect(await resultOf({ model, benchmark, protocol, answers })).toEqual(expected);
    expect(model.asked).toHaveLength(1);
    const sorted = (lines: string): string[] => lines.split("\n").toSorted();
    expect(sorted(await readFile(answers, "utf8"))).toEqual(sorted(text));
  });

  // Earlier versions wrote no checksums.
  test.each([
    ["belongs to no question", (text: string) => text.replace('"id":"3"', '"id":"333"')],
    ["occurs twice", (text: string) => text.replace('"id":"3"', '"id":"5"')],
    ["was judged differently", (text: string) => text.replace('"correct":true', '"correct":false')],
  ])("is refused when an answer %s", async (message, damage) => {
    const answers = freshFile();
    const run = { model: scriptedModel(knowing), benchmark, protocol, answers } as const;
    await eventsOf(run);
    const text = await readFile(answers, "utf8");
    await writeFile(answers, damage(text.replaceAll(/,"checksum":"\w+"/g, "")));
    await expect(eventsOf(run)).rejects.toThrow(message);
  });

  test("counts prompts that were truncated, those of stored answers too", async () => {
    const cutting = (cut: readonly string[]) =>
      scriptedModel(knowing, { truncatedPositions: (id) => (cut.includes(id) ? 7 : 0) });
    const answers = freshFile();
    const run = { benchmark, protocol, answers } as const;
    expect((await resultOf({ ...run, model: cutting(["2", "5"]) })).truncatedPrompts).toBe(2);
    const stored = (await readFile(answers, "utf8")).split("\n");
    expect(stored.filter((line) => line.includes('"truncatedPositions":7'))).toHaveLength(2);
    await writeFile(answers, stored.filter((line) => !line.includes('"id":"5"')).join("\n"));
    expect((await resultOf({ ...run, model: cutting([]) })).truncatedPrompts).toBe(1);
  });

  test("names the template that the model was asked in, and refuses stored answers in another", async () => {
    const answers = freshFile();
    const run = { benchmark, protocol, answers } as const;
    const asked = (templateFingerprint: string) => scriptedModel(knowing, { templateFingerprint });
    expect(await resultOf({ ...run, model: asked("one") })).toMatchObject({ template: "one" });
    await expect(resultOf({ ...run, model: asked("two") })).rejects.toThrow(/its template is one, now it is two/);
    // As earlier versions wrote it.
    const [header = "", ...lines] = (await readFile(answers, "utf8")).split("\n");
    const { template: _, ...earlier } = JSON.parse(header);
    await writeFile(answers, [JSON.stringify(earlier), ...lines].join("\n"));
    expect((await resultOf({ ...run, model: asked("two") })).unreadable).toBe(0);
  });

  test("that cannot be written ends with one error that names it", async () => {
    const folder = freshFile();
    const answers = new URL("file.txt/answers.jsonl", folder);
    await eventsOf({ model: scriptedModel(knowing), benchmark, protocol, answers: new URL("file.txt", folder) });
    const error: unknown = await eventsOf({ model: scriptedModel(knowing), benchmark, protocol, answers }).catch(
      (thrown: unknown) => thrown,
    );
    expect(MlanError.is(error, "unavailable")).toBe(true);
    expect(String(error)).toContain("file.txt is a file, where a folder is needed");
  });
});

/** Returns the run without `stage` and `weights` if they are undefined. */
function without({ stage, weights, ...run }: Omit<EvaluateRun, "stage" | "weights"> & Named): EvaluateRun {
  return { ...run, ...(stage !== undefined && { stage }), ...(weights !== undefined && { weights }) };
}

interface Named {
  readonly stage?: string | undefined;
  readonly weights?: string | undefined;
}
