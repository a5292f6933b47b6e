import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { MlanError } from "@mlan/core";
import { HOSTILE_VALUES } from "@mlan/testing";
import type { View } from "@mlan/run-view";
import { reportPage } from "@mlan/report";
import type { PackedQuestions, PageData } from "#internal/page-data.ts";
import { textOf } from "./page-text.ts";
import { sampleQuestions } from "./sample-questions.ts";
import { fullStudy } from "./full-study.ts";
import { sampleView } from "./sample-view.ts";

/** Returns the elements with this name: the text of their attributes, and their content. */
const elements = (page: string, name: string): readonly { attributes: string; content: string }[] =>
  [...page.matchAll(new RegExp(`<${name}([^>]*)>([\\s\\S]*?)</${name}>`, "g"))].map(
    ([, attributes = "", content = ""]) => ({
      attributes,
      content,
    }),
  );
const dataOf = (page: string): PageData =>
  JSON.parse(elements(page, "script").find(({ attributes }) => attributes.includes("page-data"))?.content ?? "");
const packedIn = (page: string, place = 0): PackedQuestions => {
  const { content } = elements(page, "script").filter(({ attributes }) => attributes.includes("text/plain"))[place] ?? {
    content: "",
  };
  return JSON.parse(gunzipSync(Buffer.from(content, "base64")).toString());
};
const HOSTILE = `</script><script>alert(1)</script><img src=x onerror="alert(2)"> <!-- ' " & \u0000 \ud800 \u202e`;

/** Returns the view with every text replaced, including names, ids and references to them. */
function hostile(view: View): View {
  const keep = new Set(["format", "kind", "state", "source", "modality", "verdict", "test", "role"]);
  return JSON.parse(JSON.stringify(view), (key: string, value: unknown) =>
    typeof value === "string" && !keep.has(key) ? `${HOSTILE}${value}` : value,
  );
}

describe("the page", () => {
  test("runs no script but its own, whatever the texts of a run contain", async () => {
    const plain = await reportPage(sampleView(), { questions: [sampleQuestions("pope")] });
    const page = await reportPage(hostile(sampleView()), {
      questions: [sampleQuestions("pope", { question: { id: HOSTILE, target: HOSTILE, prompt: HOSTILE } })],
    });
    expect(elements(page, "script")).toHaveLength(elements(plain, "script").length);
    expect(page.includes("<script>alert")).toBe(false);
    expect(page.includes("<img")).toBe(false);
    const tags = page.replaceAll(/"[^"]*"/g, '""').match(/<[a-z]+\s[^>]*\son[a-z]+=/g);
    expect(tags).toBeNull();
    expect(dataOf(page).models.map(({ label }) => label)).toEqual([`${HOSTILE}aligned`, `${HOSTILE}tuned`]);
    expect(packedIn(page).prompts[0]).toBe(HOSTILE);
  });

  test("allows exactly its own script and style, and loads nothing", async () => {
    const page = await reportPage(sampleView(), { questions: [] });
    const [, policy = ""] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    const hash = (text: string): string => `&#39;sha256-${createHash("sha256").update(text).digest("base64")}&#39;`;
    const script = elements(page, "script").find(({ attributes }) => attributes === "")?.content ?? "";
    expect(policy).toContain("default-src &#39;none&#39;");
    expect(policy).toContain(`script-src ${hash(script)};`);
    expect(policy).toContain(`style-src ${hash(elements(page, "style")[0]?.content ?? "")};`);
    expect(policy).not.toContain("connect-src");
    const { length } = page.replace(script, "").match(/(?:src|href)="(?!#|data:,|https:\/\/example\.com)/g) ?? [];
    expect(length).toBe(0);
  });

  test("answers its question with what was tested, each number with its interval", async () => {
    const text = textOf(await reportPage(sampleView(), { questions: [] }));
    expect(text).toContain("Is tuned better than aligned?");
    expect(text).toMatch(
      /tuned is better than aligned on \d of 9 benchmarks \(from \+\d+\.\d points \[[+−]\d+\.\d, [+−]\d+\.\d\] on \w+ to \+\d+\.\d points \[[+−]\d+\.\d, [+−]\d+\.\d\] on \w+\)\./,
    );
    expect(text).toContain("Training took 5.5 TFLOP and 1m 01s.");
  });

  test("claims nothing when nothing was shown", async () => {
    const view = sampleView();
    const undecided = view.comparisons.map((one) => ({
      ...one,
      benchmarks: one.benchmarks.map((benchmark) => ({ ...benchmark, verdict: "no difference shown" as const })),
    }));
    const text = textOf(await reportPage({ ...view, comparisons: undecided }, { questions: [] }));
    expect(text).toContain("tuned shows no difference from aligned on 9 benchmarks.");
    expect(text).not.toMatch(/is better than|is worse/);
  });

  test("of a run that has only begun opens, and says that nothing was evaluated", async () => {
    const nothing = {
      models: [],
      benchmarks: [],
      results: [],
      averages: [],
      pairs: [],
      comparisons: [],
      costs: [],
      curves: [],
    };
    const view: View = { ...sampleView(), ...nothing, runs: [] };
    const text = textOf(await reportPage(view, { questions: [] }));
    expect(text).toContain("Nothing has been evaluated yet");
    expect(text).toContain("Provenance");
  });

  test("shows why a run failed or cannot be read, and numbers that are not finite", async () => {
    const view = sampleView();
    const broken: View = {
      ...view,
      runs: view.runs.map((run) => ({ ...run, state: "failed", problem: "stage tune ran out of memory" })),
      costs: view.costs.map((cost) => ({ ...cost, seconds: NaN })),
      curves: view.curves.map((curve) => ({ ...curve, points: [{ step: 1, loss: NaN, lowest: NaN, highest: NaN }] })),
    };
    const page = await reportPage(broken, { questions: [] });
    expect(textOf(page)).toContain("sample failed: stage tune ran out of memory");
    expect(textOf(page)).not.toContain("NaN");
    expect(dataOf(page).curves[0]?.points).toEqual([[1, null, null, null]]);
  });

  test("has dashes for losses that are not known", async () => {
    const view = sampleView();
    const costs = view.costs.map(({ training, ...cost }) => ({
      ...cost,
      ...(training && { training: { ...training, firstLoss: NaN } }),
    }));
    const text = textOf(await reportPage({ ...view, costs }, { questions: [] }));
    expect(text).toContain("– → ");
    expect(text).not.toContain("NaN");
  });

  test("draws a stage that arms share once", async () => {
    const view = sampleView({ models: ["base", "a", "b"], seeds: 2, isStudy: true });
    const titles = dataOf(await reportPage(view, { questions: [] })).curves.map(({ title }) => title);
    expect(titles.filter((title) => title === "align")).toHaveLength(1);
    expect(titles.filter((title) => title === "tune")).toHaveLength(6);
  });

  test("gives the base grey and every other model a color and a symbol", async () => {
    const labels = ["base", "a", "b", "c"];
    const { models } = dataOf(await reportPage(sampleView({ models: labels }), { questions: [] }));
    expect(models.map(({ color }) => color)).toEqual(["base", "arm-0", "arm-1", "arm-2"]);
    expect(new Set(models.map(({ symbol }) => symbol)).size).toBe(4);
  });

  test("gives each arm of several backbones a color, and each backbone a symbol", async () => {
    const { models, curves } = dataOf(await reportPage(...fullStudy()));
    const of = (backbone: number): readonly string[] =>
      models.filter((model) => model.backbone === backbone).map(({ color }) => color);
    expect(of(0)).toEqual(["base", "arm-0", "arm-1", "arm-2", "arm-3", "arm-4", "arm-5"]);
    expect(of(1)).toEqual(of(0));
    for (const { symbol, backbone } of models) expect(symbol).toBe(backbone);
    expect(models.map(({ base }) => base)).toEqual([undefined, 0, 0, 0, 0, 0, 0, undefined, 7, 7, 7, 7, 7, 7]);
    for (const { label, backbone = 0 } of curves.filter(({ title }) => title === "tune"))
      expect(backbone).toBe(label.startsWith("vicuna") ? 1 : 0);
  });

  test("names the models that were not evaluated, and has no numbers for them", async () => {
    const view = sampleView({ models: ["base", "a", "b"], isStudy: true });
    const of = <One extends { readonly model: string }>(all: readonly One[]): readonly One[] =>
      all.filter(({ model }) => model !== "b");
    const waiting: View = {
      ...view,
      models: view.models.map((model) => (model.id === "b" ? { ...model, evaluations: [] } : model)),
      results: of(view.results),
      pairs: view.pairs.filter(({ model, base }) => model !== "b" && base !== "b"),
      comparisons: of(view.comparisons),
      averages: of(view.averages),
    };
    const page = await reportPage(waiting, { questions: [] });
    expect(textOf(page)).toContain("Not evaluated yet: b.");
    expect(textOf(page)).toContain("3 models");
    expect(dataOf(page).models.map(({ label }) => label)).toEqual(["base", "a"]);
  });

  test("leaves the share of unreadable answers open where a model was not asked", async () => {
    const view = sampleView({ models: ["base", "a", "b"] });
    const results = view.results.filter(({ model, benchmark }) => model !== "b" || benchmark !== "race");
    const page = await reportPage({ ...view, results }, { questions: [] });
    const [, cells = ""] = /<td>unreadable<\/td>([^]*?)<\/tr>/.exec(page) ?? [];
    const shown = [...cells.matchAll(/<td class="number">([^]*?)<\/td>/g)].map(([, text = ""]) => text.trim());
    expect(shown.slice(0, 3)).toEqual(["40.0", "1.0", ""]);
  });

  test("has each warning once, with the runs that have it, and failures first", async () => {
    const runs = ["a, seed 1", "b, seed 1", "c, seed 1"];
    const warnings: View["warnings"] = [
      ...runs.map((run) => ({ kind: "unfinished" as const, text: `${run} has not started.`, run })),
      { kind: "failed", text: "d, seed 1 failed: no such file", run: "d, seed 1" },
    ];
    const text = textOf(await reportPage({ ...sampleView(), warnings }, { questions: [] }));
    expect(text).toMatch(
      /Warnings d, seed 1 failed: no such file a, seed 1 has not started\. The same is true of b, seed 1; c, seed 1\./,
    );
  });

  test("of the full study takes less than 3 MB without images", async () => {
    expect((await reportPage(...fullStudy())).length).toBeLessThan(3e6);
  });
});

describe("the questions", () => {
  test("of a study have the answers of every seed, by model and then by seed", async () => {
    const source = sampleQuestions("boolq", { count: 4, models: ["base", "a"], seeds: [1, 2, 3] });
    const page = await reportPage(sampleView({ models: ["base", "a"], seeds: 3, isStudy: true }), {
      questions: [source],
    });
    expect(dataOf(page).tables).toMatchObject([{ models: [0, 1], seeds: [1, 2, 3] }]);
    expect(packedIn(page)).toMatchObject({ answers: { length: 6 } });
  });

  test("are kept by column, with prompts that differ by model", async () => {
    const source = sampleQuestions("boolq", {
      count: 1,
      question: {
        choices: [
          { label: "A", text: "red" },
          { label: "B", text: "blue" },
        ],
        answers: [
          undefined,
          { answer: "B", extracted: "B", correct: true, prompt: "asked differently", truncatedPositions: 7 },
        ],
      },
    });
    expect(packedIn(await reportPage(sampleView(), { questions: [source] }))).toMatchObject({
      ids: ["boolq-0"],
      choiceLists: [["A: red", "B: blue"]],
      answers: [
        { answers: [null], correct: [0] },
        { answers: ["B"], extracted: ["B"], correct: [1], prompts: { 0: "asked differently" }, truncated: { 0: 7 } },
      ],
    });
  });

  test("that cannot be read are named, and the others are shown", async () => {
    const failing = {
      ...sampleQuestions("pope"),
      // eslint-disable-next-line require-yield
      questions: (async function* (): AsyncGenerator<never> {
        throw new MlanError("run-folder", "line 7 of pope.jsonl is damaged.");
      })(),
    };
    const page = await reportPage(sampleView(), { questions: [failing, sampleQuestions("gqa")] });
    expect(textOf(page)).toContain("The questions of pope cannot be shown: line 7 of pope.jsonl is damaged.");
    expect(dataOf(page).tables.map(({ title, questions }) => [title, questions])).toEqual([["gqa", 60]]);
  });

  test.each(HOSTILE_VALUES.filter((value) => typeof value === "string"))("keep odd texts, %#", async (value) => {
    const question = { prompt: value, target: value };
    const page = await reportPage(sampleView(), { questions: [sampleQuestions("pope", { count: 1, question })] });
    expect(packedIn(page)).toMatchObject({ prompts: [value], targets: [value] });
  });
});
