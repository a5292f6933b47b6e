import type { AnswerRecord, Extractor } from "@mlan/core";
import { disagreements, rescore } from "@mlan/eval-kit";
import { expect, test } from "vitest";

const choices = [
  { label: "A", text: "ice" },
  { label: "B", text: "steam" },
];

const record = (id: string, answer: string): AnswerRecord => ({
  id,
  answer,
  extracted: null,
  target: "B",
  correct: false,
  cluster: `image of ${id}`,
  choices,
});

const labelOnly: Extractor = {
  name: "label",
  version: 1,
  stop: ['"'],
  extract: (answer, offered) => offered.find(({ label }) => label === answer)?.label,
  isCorrect: (extracted, target) => extracted === target,
};

const textToo: Extractor = {
  ...labelOnly,
  name: "text",
  version: 4,
  extract: (answer, offered) => offered.find(({ label, text }) => label === answer || text === answer)?.label,
};

test("reads stored answers by every extractor, with the choices that were offered, cut at each one's stop strings", () => {
  const records = [record("1", 'B" because'), record("2", "steam"), record("3", "ice"), record("4", "fog")];
  const rescored = rescore(records, [labelOnly, textToo]);
  expect(rescored.map(({ extractor, unreadable }) => [extractor.name, extractor.version, unreadable])).toEqual([
    ["label", 1, 3],
    ["text", 4, 1],
  ]);
  expect(rescored[1]?.outcomes[2]).toEqual({
    id: "3",
    target: "B",
    extracted: "A",
    correct: false,
    cluster: "image of 3",
  });
  // "ice" is wrong to both, so it is not in dispute.
  expect(disagreements(records, rescored)).toEqual([
    { id: "2", answer: "steam", target: "B", extracted: [undefined, "B"], correct: [false, true] },
  ]);
});

test("finds nothing in dispute where there is one extractor", () => {
  const records = [record("1", "B")];
  expect(disagreements(records, rescore(records, [labelOnly]))).toEqual([]);
});
