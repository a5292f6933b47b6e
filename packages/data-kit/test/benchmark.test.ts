import { chatWording, type Question } from "@mlan/core";
import type { ProtocolDefinition } from "#internal/benchmarks/protocol-definition.ts";
import {
  benchmarkFromRows,
  checkOptions,
  datasetFromRows,
  type RowBenchmarkDefinition,
  type RowReader,
  strictYesNo,
} from "@mlan/data-kit";
import { describeBenchmarkContract, WORDINGS } from "@mlan/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";

interface Row {
  readonly name: string;
  readonly answer: string;
}

const raw: ProtocolDefinition<Question> = {
  version: 1,
  prompt: ({ id }) => ({ kind: "raw", text: id, beginOfSequence: true }),
  maximumNewTokens: 1,
  extractor: strictYesNo,
};
const asking: ProtocolDefinition<Question> = {
  version: 1,
  ask: ({ id }) => ({ user: id, answerStart: "It is " }),
  askAs: { "vicuna-base": ({ id }) => ({ user: id.toLowerCase(), answerStart: "" }) },
  maximumNewTokens: 1,
  extractor: strictYesNo,
};
const ROWS = [
  { name: "Is ice cold?", answer: "yes" },
  { name: "Is fire cold?", answer: "no" },
  { name: "Is ice cold?", answer: "yes" },
];

function definition(
  protocols: RowBenchmarkDefinition<Row, Question>["protocols"],
): RowBenchmarkDefinition<Row, Question> {
  return {
    name: "riddles",
    card: { source: "this test", license: "CC0-1.0", modality: "text" },
    rows: reader(ROWS),
    id: ({ name }) => name,
    question: ({ answer }, id) => ({ id, images: [], target: answer }),
    protocols,
  };
}

const both = benchmarkFromRows(definition({ paper: raw, strict: asking }));
const mine = benchmarkFromRows({ ...definition({ mine: asking }), name: "mine" });

describeBenchmarkContract(both);
describeBenchmarkContract(mine);

describe("protocols", () => {
  test("are found by name; without a name, the default is used", () => {
    expect(both.protocols).toEqual(["strict", "paper"]);
    expect([both.protocol().name, both.protocol("paper").name, mine.protocol().name]).toEqual([
      "strict",
      "paper",
      "mine",
    ]);
    const other = benchmarkFromRows({ ...definition({ a: raw, b: asking }), defaultProtocol: "b" });
    expect(other.protocol().name).toBe("b");
    expect(mine.extractors).toEqual([strictYesNo]);
  });

  test.each(["fast", "constructor", "__proto__"])("that do not exist are refused: %s", (name) => {
    expect(() => both.protocol(name)).toThrow(`riddles: there is no protocol "${name}"; it has paper and strict.`);
  });

  // prettier-ignore
  test.each<[string, RowBenchmarkDefinition<Row, Question>, string]>([
    ["none",              definition({}),                                            'riddles: it has no protocol; define one, such as "strict".'],
    ["no default",        definition({ a: raw, b: raw }),                            "riddles: none of its protocols a and b is the default; set defaultProtocol to one of them."],
    ["an unknown default", { ...definition({ a: raw, b: raw }), defaultProtocol: "c" }, 'riddles: its default protocol "c" is not one of its protocols; it has a and b.'],
    ["nothing asked",     definition({ a: { ...raw, prompt: undefined } as never }), 'riddles: its protocol "a" has neither `ask` nor `prompt`; define one of the two.'],
    ["no wording",        definition({ a: { ...raw, prompt: {} } }),                 'riddles: its protocol "a" has prompts for no wording; define one.'],
    ["asked twice",       definition({ a: { ...raw, ...asking } as never }),         'riddles: its protocol "a" has both `ask` and `prompt`; define one of the two.'],
  ])("are refused where there is %s", (_, wrong, message) => {
    expect(() => benchmarkFromRows(wrong)).toThrow(message);
  });
});

describe("a question", () => {
  const question = { id: "Why?", images: [], target: "yes" };

  test("is asked in the model's wording, with different text if the protocol has it", () => {
    const { prompt } = both.protocol("strict");
    const plain = { kind: "raw", beginOfSequence: true };
    expect(prompt(question, WORDINGS.tuned)).toEqual({ kind: "chat", user: "Why?", answerStart: "It is " });
    expect(prompt(question, WORDINGS["llama2-base"])).toEqual({ ...plain, text: "Why?\nAnswer: It is " });
    expect(prompt(question, WORDINGS["vicuna-base"])).toEqual({ ...plain, text: "User: why?\nAssistant: " });
    expect(prompt(question, chatWording("constructor"))).toMatchObject({ kind: "chat", user: "Why?" });
  });

  test("is refused if a protocol has whole prompts but none for the wording", () => {
    const tuned = ({ id }: Question) => ({ kind: "chat", user: id, answerStart: "" }) as const;
    const few = benchmarkFromRows(definition({ paper: { ...raw, prompt: { tuned } }, strict: asking }));
    const { prompt, wordings } = few.protocol("paper");
    expect(wordings).toEqual(["tuned"]);
    expect(prompt(question, WORDINGS.tuned)).toMatchObject({ user: "Why?" });
    for (const name of ["qwen2-base", "constructor"]) {
      expect(() => prompt(question, chatWording(name))).toThrow(
        `riddles: the protocol "paper" has no prompts for a model with the wording "${name}", only for tuned; use a protocol`,
      );
    }
    expect(few.protocol("strict").wordings).toBeUndefined();
  });
});

test("numbers repeated names, skipping numbers that are taken", async () => {
  const names = ["a", "a", "a#2", "a", "b"];
  const dataset = datasetFromRows({
    name: "repeats",
    card: both.card,
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
    card: both.card,
    rows: reader([]),
    toExample: (_, id) => ({ id }),
  });
  await expect(empty.open()).rejects.toMatchObject({ code: "invalid-data", message: "empty: its files hold no rows." });
});

test("refuses unknown options and wrong types, and names the right ones", () => {
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
