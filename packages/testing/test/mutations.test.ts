import { expectSurvival, jsonMutations, type Mutation, mutations } from "@mlan/testing";
import { expect, test } from "vitest";

const bytes = new TextEncoder().encode('{"size": 12, "names": ["a", "b"]}');
const inputs = (seed: number): Mutation[] => [...mutations(bytes, 200, seed)];

test("mutations are the same for the same seed, others for another, and leave the original alone", () => {
  const before = bytes.slice();
  expect(inputs(1)).toEqual(inputs(1));
  expect(inputs(1)).not.toEqual(inputs(2));
  expect(bytes).toEqual(before);
  const buffer = Buffer.from(bytes);
  expect([...mutations(buffer, 200, 1)]).toHaveLength(200);
  expect(buffer).toEqual(Buffer.from(before));
});

test("most mutations differ from the original, and nothing is too short to be mutated", () => {
  const text = (input: Uint8Array): string => new TextDecoder("latin1").decode(input);
  expect(new Set(inputs(1).map(({ input }) => text(input))).size).toBeGreaterThan(150);
  expect([...mutations(new Uint8Array(0), 50, 1)]).toHaveLength(50);
});

test("JSON is changed at every place, one at a time", () => {
  const value = { size: 12, names: ["a"] };
  const changed = [...jsonMutations(value)];
  for (const input of [
    { size: -1, names: ["a"] },
    { names: ["a"] },
    { size: 12, names: [null] },
    { size: 12, names: {} },
  ])
    expect(changed.map((mutation) => mutation.input)).toContainEqual(input);
});

test("an attempt that throws another error than its own, or too long a message, does not survive", async () => {
  const isTyped = (error: unknown): boolean => error instanceof SyntaxError;
  const parse = (input: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(input));
  const { accepted, refused } = await expectSurvival(inputs(1), { attempt: parse, isTyped });
  expect(accepted).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  const lengthOf = (): never => {
    throw new RangeError("Invalid array length");
  };
  await expect(expectSurvival(inputs(1), { attempt: lengthOf, isTyped })).rejects.toThrow("Invalid array length");
  const shout = (): never => {
    throw new SyntaxError("x".repeat(1e6));
  };
  await expect(expectSurvival(inputs(1), { attempt: shout, isTyped })).rejects.toThrow("less than 20000");
});
