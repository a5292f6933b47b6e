import { type AnswerRecord, MlanError } from "@mlan/core";
import { parseAnswers } from "#internal/parse-answers.ts";
import type { AnswersHeader } from "@mlan/eval-kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerLine } from "../src/parse-answers.ts";

const header: AnswersHeader = {
  format: "mlan-answers",
  version: 1,
  benchmark: "boolq",
  evaluator: "generation",
  protocol: "strict",
  protocolVersion: 1,
  extractor: { name: "strict", version: 1 },
  wording: "tuned",
  questions: 3,
  fingerprints: { questions: "q", prompts: "p", protocol: "r" },
  model: "m",
};

test("an answer file of an earlier version has the name of the wording under another key", () => {
  const { wording, ...rest } = header;
  const first = JSON.stringify({ ...rest, promptFamily: wording });
  expect(parseAnswers(new TextEncoder().encode(`${first}\n`), "answers").header).toEqual(header);
  expect(() => parseAnswers(new TextEncoder().encode(`${JSON.stringify(rest)}\n`), "answers")).toThrow(/line 1/);
});

test("an answer of an earlier version has the number of truncated positions under another key", () => {
  const answer = { id: "1", answer: "yes", extracted: "yes", target: "yes", correct: true };
  const bytes = Buffer.concat([line(header), Buffer.from(answerLine({ ...answer, cutPositions: 7 } as AnswerRecord))]);
  expect(parseAnswers(bytes, "answers").records).toEqual([{ ...answer, truncatedPositions: 7 }]);
});

const record: fc.Arbitrary<AnswerRecord> = fc.record(
  {
    id: fc.string(),
    answer: fc.string({ unit: "binary" }),
    extracted: fc.option(fc.string()),
    target: fc.string(),
    correct: fc.boolean(),
    cluster: fc.string(),
    choices: fc.array(fc.record({ label: fc.string(), text: fc.string() }, { noNullPrototype: true })),
    scores: fc.array(
      fc.record(
        {
          logProbability: fc.double({ noNaN: true, noDefaultInfinity: true, max: -Number.MIN_VALUE }),
          tokens: fc.nat(),
          characters: fc.nat(),
        },
        { noNullPrototype: true },
      ),
    ),
  },
  { requiredKeys: ["id", "answer", "extracted", "target", "correct"], noNullPrototype: true },
);

const line = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);
const textOf = (records: readonly AnswerRecord[]): Buffer => Buffer.concat([header, ...records].map(line));

describe("parseAnswers", () => {
  test("gives back what was written", () => {
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const text = textOf(records);
        expect(parseAnswers(text, "answers.jsonl")).toEqual({
          header,
          records,
          damaged: [],
          wholeBytes: text.length,
        });
      }),
    );
  });

  test("after a crash at any byte, gives exactly the answers whose lines were finished", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 5 }), fc.nat(), (records, seed) => {
        const text = textOf(records);
        const left = text.subarray(0, seed % (text.length + 1));
        const stored = parseAnswers(left, "answers.jsonl");
        const lines = left.filter((byte) => byte === 0x0a).length;
        expect(stored.header).toEqual(lines > 0 ? header : undefined);
        expect(stored.records).toEqual(records.slice(0, Math.max(0, lines - 1)));
        expect(text.subarray(0, stored.wholeBytes)).toEqual(textOf(stored.records).subarray(0, stored.wholeBytes));
      }),
    );
  });

  test("leaves a damaged line out, and says which it is", () => {
    const records: readonly AnswerRecord[] = [
      { id: "a", answer: "yes", extracted: "yes", target: "yes", correct: true },
    ];
    for (const damage of ["{", "{}", "null", "", '{"id":1}', "\0\0\0\0"]) {
      const text = Buffer.concat([textOf(records), Buffer.from(`${damage}\n`)]);
      expect(parseAnswers(text, "answers.jsonl")).toMatchObject({ header, records, damaged: [3] });
    }
  });

  test.each(["null", "1e999", '"NaN"'])("leaves an answer with the score %s out: it is no number", (score) => {
    const sound = { id: "a", answer: "yes", extracted: "yes", target: "yes", correct: true };
    const odd = `{"id":"b","answer":"A","extracted":"A","target":"A","correct":true,"scores":[{"logProbability":${score},"tokens":1,"characters":1}]}\n`;
    const stored = parseAnswers(Buffer.concat([textOf([sound]), Buffer.from(odd)]), "answers.jsonl");
    expect(stored).toMatchObject({ records: [sound], damaged: [3] });
  });

  test("notices any byte of an answer that has changed since it was written", () => {
    fc.assert(
      fc.property(record, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, place, flip) => {
        const first = line(header);
        const answer = Buffer.from(answerLine(written));
        const at = place % (answer.length - 1);
        answer[at] = (answer[at] ?? 0) ^ flip;
        const { records } = parseAnswers(Buffer.concat([first, answer]), "answers.jsonl");
        // A key "checksum" of another spelling is that of an answer of an earlier version.
        expect(records.length === 0 || JSON.stringify(records) === JSON.stringify([written])).toBe(true);
      }),
    );
  });

  test("refuses a file that begins otherwise", () => {
    const error = thrownBy(() => parseAnswers(Buffer.from("once upon a time\n"), "notes.txt"));
    expect(MlanError.is(error, "run-folder")).toBe(true);
    expect(String(error)).toContain("line 1 of notes.txt");
  });
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
