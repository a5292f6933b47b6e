import { expect } from "vitest";
import type { Mutation } from "./mutations.ts";

/** How to try an input, and which errors are allowed. */
export interface SurvivalOptions<Input> {
  /** Reads the input. It may succeed, because not every change is harmful. */
  attempt(input: Input): unknown;
  /** Whether an error is meant for the user, e.g. `MlanError.is`. Any other error fails the test. */
  isTyped(error: unknown): boolean;
}

const LONGEST_SECONDS = 10;
const LONGEST_MESSAGE = 20_000;
const MOST_GROWTH_BYTES = 2e9;

/**
 * Tries hostile inputs one after the other. Fails with the input's name if the input causes an error that is not typed
 * or not readable, takes 10 seconds, or raises the process's peak memory by 2 GB. Returns the numbers of accepted and
 * refused inputs, so that a test can check that both occur.
 */
export async function expectSurvival<Input>(
  inputs: Iterable<Mutation<Input>>,
  { attempt, isTyped }: SurvivalOptions<Input>,
): Promise<{ readonly accepted: number; readonly refused: number }> {
  const peakBefore = peakBytes();
  let accepted = 0;
  let refused = 0;
  for (const { change, input } of inputs) {
    const start = performance.now();
    try {
      await attempt(input);
      accepted++;
    } catch (error) {
      expect(isTyped(error), `${change}: ${error instanceof Error ? error.stack : String(error)}`).toBe(true);
      expect(error instanceof Error && error.message.length, change).toBeLessThan(LONGEST_MESSAGE);
      refused++;
    }
    expect((performance.now() - start) / 1000, `seconds for: ${change}`).toBeLessThan(LONGEST_SECONDS);
    expect(peakBytes() - peakBefore, `more bytes at the peak of: ${change}`).toBeLessThan(MOST_GROWTH_BYTES);
  }
  return { accepted, refused };
}

/** Returns the peak memory of this process in bytes, including memory that has been freed. */
export function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
