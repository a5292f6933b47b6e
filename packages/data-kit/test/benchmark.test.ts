import { checkOptions, datasetFromRows, defineBenchmark, type RowReader } from "@mlan/data-kit";
import { describeBenchmarkContract } from "@mlan/testing";
import type { Protocol, Question } from "@mlan/core";
import { accuracy, strictYesNo } from "@mlan/data-kit";
import { expect, test } from "vitest";
import { z } from "zod";

interface Row {
  readonly name: string;
  readonly answer: string;
}

const protocol = (name: "paper" | "strict"): Protocol => ({
  name,
  version: 1,
  prompt: ({ id }) => ({ kind: "raw", text: id, beginOfSequence: true }),
  choices: () => [],
  maximumNewTokens: 1,
  extractor: () => strictYesNo,
  metrics: { accuracy },
});

const benchmark = defineBenchmark<Row, Question>({
  name: "tiny",
  card: { source: "this test", license: "CC0-1.0", modality: "text" },
  rows: reader([
    { name: "a", answer: "yes" },
    { name: "b", answer: "no" },
    { name: "a", answer: "no" },
  ]),
  idOf: ({ name }) => name,
  toQuestion: ({ answer }, id) => ({ id, images: [], target: answer }),
  protocols: { paper: protocol("paper"), strict: protocol("strict") },
});

describeBenchmarkContract(benchmark);

const definition = {
  name: "none",
  card: benchmark.card,
  rows: reader([]),
  toQuestion: ({ answer }: Row, id: string): Question => ({ id, images: [], target: answer }),
};

const riddles = defineBenchmark<Row, Question>({
  name: "riddles",
  card: benchmark.card,
  rows: reader([
    { name: "Is ice cold?", answer: "yes" },
    { name: "Is fire cold?", answer: "no" },
  ]),
  toQuestion: ({ answer }, id) => ({ id, images: [], target: answer }),
  protocols: {
    strict: { ...protocol("strict"), prompt: ({ id }) => ({ kind: "chat", user: id, answerStart: "" }) },
  },
});

describeBenchmarkContract(riddles);

test("needs one protocol, and has no other", () => {
  expect(riddles.extractors).toEqual([strictYesNo]);
  expect(() => riddles.protocol("paper")).toThrow('riddles: there is no protocol "paper"; it has strict.');
  expect(() => defineBenchmark<Row, Question>({ ...definition, protocols: {} })).toThrow(
    'none: it has no protocol; define "strict".',
  );
});

test("numbers repeated names, around those that are taken", async () => {
  const names = ["a", "a", "a#2", "a", "b"];
  const dataset = datasetFromRows({
    name: "repeats",
    card: benchmark.card,
    rows: reader(names.map((name) => ({ name, answer: "" }))),
    idOf: ({ name }) => name,
    toExample: (_, id) => ({ id }),
  });
  const examples = await dataset.open();
  const ids = await Promise.all(names.map(async (_, index) => (await examples.at(index)).id));
  expect(ids).toEqual(["a", "a#3", "a#2", "a#4", "b"]);
});

test("refuses files without a row", async () => {
  const empty = datasetFromRows({
    name: "empty",
    card: benchmark.card,
    rows: reader([]),
    toExample: (_, id) => ({ id }),
  });
  await expect(empty.open()).rejects.toMatchObject({ code: "invalid-data", message: "empty: its files hold no rows." });
});

test("names the protocols that it has", () => {
  expect(() => benchmark.protocol("fast" as "strict")).toThrow(
    'tiny: there is no protocol "fast"; it has paper and strict.',
  );
});

test("refuses unknown options and wrong types, and tells the right ones", () => {
  const schema: z.ZodType<{ folder?: URL; size?: number }> = z.strictObject({
    folder: z.instanceof(URL).exactOptional(),
    size: z.number().exactOptional(),
  });
  expect(checkOptions("data-x", schema, { size: 3 })).toEqual({ size: 3 });
  expect(() => checkOptions("data-x", schema, { foldr: 1, size: "3" })).toThrow(
    /^data-x: option "size": expected a number, found "3"; there is no option "foldr". Its options are folder, size\.$/,
  );
});

function reader(rows: readonly Row[]): RowReader<Row> {
  return {
    async read({ onRow } = {}) {
      for (const [index, row] of rows.entries()) onRow?.(row, index);
      return { length: rows.length, fingerprint: "fixed", at: (index) => Promise.resolve(rows[index]!) };
    },
  };
}
