import { writeFile } from "node:fs/promises";
import { type View, viewOf } from "@mlan/run-view";
import { temporaryFolder } from "@mlan/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { changedCopy, smallRun } from "./small-run.ts";

const root = temporaryFolder();
const finished = new URL("finished/", root);
let view: View;
beforeAll(async () => {
  view = await viewOf(await smallRun(finished));
});

const changed = (name: string, file: string, change?: (text: string) => string): Promise<URL> =>
  changedCopy(finished, name, file, change);

describe("the view of a damaged run", () => {
  const texts = ({ warnings }: View): string => warnings.map(({ kind, text }) => `${kind}: ${text}`).join("\n");

  test("shows what is left of a half-written results.json, metrics.jsonl or ledger.json", async () => {
    const results = await viewOf(await changed("results", "results.json", (text) => text.slice(0, 100)));
    expect(results.results).toEqual([]);
    expect(texts(results)).toMatch(/damage: .*results\.json/);
    const metrics = await viewOf(await changed("metrics", "metrics.jsonl", (text) => `{"step":\n${text}`));
    expect(metrics.curves[0]?.points.length).toBe(400);
    expect(texts(metrics)).toMatch(/damage: line 1 of .*metrics\.jsonl is not a training step/);
    const ledger = await viewOf(await changed("ledger", "ledger.json", () => "[{}]"));
    expect(ledger.costs).toEqual(view.costs);
    expect(texts(ledger)).toMatch(/damage: .*ledger\.json/);
  });

  test("has unknown costs where neither the manifest nor ledger.json has them", async () => {
    const without = await changed("costs", "manifest.json", (text) => {
      const manifest = JSON.parse(text);
      delete manifest.stages.tune.ledger;
      return JSON.stringify(manifest);
    });
    await writeFile(new URL("ledger.json", without), '[{ "stage": "tune", "steps": "many", "lastLoss": 2 }]');
    const training = (await viewOf(without)).costs.find(({ stage }) => stage === "tune")?.training;
    expect(training).toMatchObject({ steps: NaN, flops: NaN, firstLoss: NaN, lastLoss: 2 });
  });

  test("leaves out a result that lacks fields, and says so", async () => {
    const edit = (text: string): string =>
      JSON.stringify(JSON.parse(text).map((result: object) => ({ ...result, metrics: undefined })));
    const found = await viewOf(await changed("fields", "results.json", edit));
    expect(found.results).toEqual([]);
    expect(texts(found)).toContain("damage: results.json: the result of letters at before lacks fields.");
  });

  test("says which answers are damaged, missing or incomplete, and compares no others", async () => {
    const file = "answers/after/letters.jsonl";
    const damaged = await viewOf(
      await changed("damaged", file, (text) => text.replace('"correct":true', '"correct":false')),
    );
    expect(texts(damaged)).toMatch(/damage: The answers to letters at after were not read: line 2 .*is damaged/);
    expect(damaged.comparisons[0]).toMatchObject({ benchmarks: [], notCompared: [{ benchmark: "letters" }] });
    const gone = await viewOf(await changed("gone", file));
    expect(texts(gone)).toMatch(/damage: .*letters\.jsonl is missing/);
    // One file that is missing has one warning.
    expect(gone.warnings.filter(({ text }) => text.includes("letters"))).toHaveLength(
      view.warnings.filter(({ text }) => text.includes("letters")).length + 1,
    );
    expect(gone.comparisons[0]).toMatchObject({ benchmarks: [], notCompared: [{ benchmark: "letters" }] });
    expect(gone.results).toEqual(view.results);
    const cut = await viewOf(await changed("cut", file, (text) => text.split("\n").slice(0, 11).join("\n")));
    expect(texts(cut)).toMatch(/damage: letters at after has 9 of 40 answers\. Run the experiment or study again/);
    expect(texts(cut)).not.toMatch(/not-comparable|answers-missing/);
    expect(texts(cut).match(/letters at after|letters\.jsonl/g)).toHaveLength(1);
    expect(cut.comparisons[0]?.notCompared).toMatchObject([{ reason: expect.stringContaining("after has 9 of 40") }]);
  });

  test("reads a run of an earlier version, and says what it did not record", async () => {
    const old = await changed("old", "manifest.json", (text) => {
      const { stages, ...manifest } = JSON.parse(text);
      const before = Object.entries<Readonly<Record<string, unknown>>>(stages).map(([name, stage]) => {
        const { machine: _, command: __, data: ___, ...known } = stage;
        return [name, known];
      });
      return JSON.stringify({ ...manifest, formatVersion: 1, stages: Object.fromEntries(before) });
    });
    const found = await viewOf(old);
    expect(found.results).toEqual(view.results);
    expect(found.provenance.datasets).toEqual([]);
    expect(texts(found)).toMatch(/not-recorded: small was written by an earlier version of mlan/);
  });

  test("says that precision is undefined where no answer is positive", async () => {
    const edit = (text: string): string => text.replaceAll('"metrics": {', '"metrics": { "precision": { "value": 0 },');
    const found = await viewOf(await changed("precision", "results.json", edit));
    expect(texts(found)).toContain(
      'undefined-metric: The precision of letters at before is undefined, since no answer is "yes"; it is shown as 0.',
    );
  });

  test("says that a run is unfinished", async () => {
    const open = await changed("open", "manifest.json", (text) => {
      const manifest = JSON.parse(text);
      manifest.stages.after = { done: false, started: manifest.created };
      return JSON.stringify(manifest);
    });
    const found = await viewOf(open);
    expect(found.runs[0]?.state).toBe("unfinished");
    expect(texts(found)).toContain("unfinished: small is unfinished: its stage after is not done.");
  });

  test("is one clear error where nothing can be read", async () => {
    await expect(viewOf(new URL("nowhere/", root))).rejects.toMatchObject({ code: "run-folder" });
    const newer = await changed("newer", "manifest.json", (text) =>
      text.replace('"formatVersion": 2', '"formatVersion": 3'),
    );
    await expect(viewOf(newer)).rejects.toThrow(/was written by a newer version of mlan/);
    const half = await changed("half", "manifest.json", (text) => text.slice(0, 50));
    await expect(viewOf(half)).rejects.toMatchObject({ code: "run-folder" });
    await expect(viewOf([])).rejects.toThrow(/expected at least one run folder/);
  });
});
