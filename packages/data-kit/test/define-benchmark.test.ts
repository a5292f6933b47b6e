import { targetProblem } from "@mlan/core";
import { choiceLines, defineBenchmark, imageColumn, lettered, strictAnswer, strictChoice } from "@mlan/data-kit";
import { describeBenchmarkContract, folderWith } from "@mlan/testing";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const here = mkdtempSync(join(tmpdir(), "mlan-define-benchmark-"));
afterAll(() => rmSync(here, { recursive: true }));
writeFileSync(
  join(here, "riddles.jsonl"),
  JSON.stringify({ riddle: "What runs?", options: ["a nose", "a stone"], answer: "A" }),
);

const riddles = defineBenchmark({
  name: "riddles",
  published: { location: join(here, "riddles.jsonl"), files: ["*.jsonl"], license: "CC0-1.0", modality: "text" },
  row: z.object({ riddle: z.string(), options: z.array(z.string()), answer: z.enum(["A", "B"]) }),
  question: ({ riddle, options, answer }, id) => ({
    id,
    images: [],
    riddle,
    choices: lettered(options),
    target: answer,
  }),
  protocols: {
    strict: {
      version: 1,
      ask: ({ riddle, choices }) => ({ user: `${riddle}\n${choiceLines(choices)}`, answerStart: "It is " }),
      maximumNewTokens: 8,
      extractor: strictChoice,
    },
  },
});

const pictures = defineBenchmark({
  name: "pictures",
  published: {
    repository: "acme/pictures",
    revision: "0123456789012345678901234567890123456789",
    rows: 7,
    files: ["*.jsonl"],
    license: "CC0-1.0",
    modality: "image",
  },
  row: z.object({ views: z.array(imageColumn), mask: imageColumn.nullish(), answer: z.string() }),
  question: ({ views, mask, answer }, id) => ({ id, images: mask ? [...views, mask] : views, target: answer }),
  protocols: {
    strict: {
      version: 1,
      ask: () => ({ user: "Which?", answerStart: "" }),
      maximumNewTokens: 8,
      extractor: strictChoice,
    },
  },
});

describeBenchmarkContract(riddles());

test("derives the card for the Hub, for a location on this machine, or for the user's file", () => {
  expect(pictures().card).toEqual({
    source: "https://huggingface.co/datasets/acme/pictures",
    repository: "acme/pictures",
    revision: "0123456789012345678901234567890123456789",
    rows: 7,
    license: "CC0-1.0",
    modality: "image",
  });
  expect(riddles().card).toEqual({ source: join(here, "riddles.jsonl"), license: "CC0-1.0", modality: "text" });
  expect(riddles({ file: "/elsewhere/rows.jsonl" }).card).toEqual({
    source: "/elsewhere/rows.jsonl",
    license: "unknown",
    modality: "text",
  });
});

test("derives the options and the beginning of every error", async () => {
  expect(() => riddles({ images: "here" })).toThrow(
    'data-riddles: there is no option "images". Its options are folder, file.',
  );
  expect(() => riddles({ hub: {} })).toThrow('data-riddles: there is no option "hub"');
  expect(() => riddles({ file: "a", folder: "b" })).toThrow('data-riddles: the options "file" and "folder" exclude');
  expect(() => pictures({ foldr: "a" } as object)).toThrow("Its options are folder, file, hub, images.");
  const folder = await folderWith({ "rows.jsonl": JSON.stringify({ riddle: 7, options: [], answer: "A" }) });
  await expect(riddles({ folder }).open()).rejects.toThrow(
    'data-riddles: rows.jsonl row 0 (line 1), column "riddle": expected text, found 7',
  );
});

test("finds image columns, including lists and optional ones", async () => {
  const rows = [
    { views: ["a.png", "b.png"], answer: "A" },
    { views: [], mask: "b.png", answer: "A" },
  ];
  const folder = await folderWith({
    "rows.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
    "images/a.png": "a",
    "images/b.png": "b",
  });
  const examples = await pictures({ folder }).open();
  const images = await Promise.all([0, 1].map(async (index) => (await examples.at(index)).images));
  expect(images.map((list) => list.map(({ name }) => name))).toEqual([["a.png", "b.png"], ["b.png"]]);
  expect(Buffer.from((await images[1]?.[0]?.read()) ?? []).toString()).toBe("b");
});

test("a question without choices is a problem, unless the extractor reads free answers too", async () => {
  const strict = riddles().protocol();
  const question = await (await riddles().open()).at(0);
  const without = { ...question, choices: [] };
  expect(targetProblem(strict, question)).toBeUndefined();
  expect(targetProblem(strict, without)).toMatch(/^it has no choices, and the extractor "strict" reads only choices; /);
  expect(targetProblem({ ...strict, extractor: () => strictAnswer }, without)).toBeUndefined();
});

test("reads stored answers also by first mention, unless other extractors are named", () => {
  expect(riddles().extractors.map(({ name }) => name)).toEqual(["strict", "first-mention"]);
});

test("refuses wrong protocols when it is defined", () => {
  const published = { location: here, files: ["*.jsonl"], license: "CC0-1.0", modality: "text" } as const;
  const row = z.object({ answer: z.string() });
  const question = ({ answer }: { answer: string }, id: string) => ({ id, images: [], target: answer });
  expect(() => defineBenchmark({ name: "none", published, row, question, protocols: {} })).toThrow(
    'none: it has no protocol; define one, such as "strict".',
  );
});
