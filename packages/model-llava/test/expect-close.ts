import { expect } from "vitest";

/** Expects as many numbers as expected, each as close as `toBeCloseTo` wants it with `digits`. */
export function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, digits: number): void {
  expect(found.length).toBe(expected.length);
  // One expectation, because one per number would take most of the time.
  const wrong = Array.from(found).findIndex(
    (value, place) => !(Math.abs(value - expected[place]!) < 10 ** -digits / 2),
  );
  expect(wrong, `number ${wrong}: ${found[wrong]} and ${expected[wrong]}`).toBe(-1);
}
