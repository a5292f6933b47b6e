import { expect } from "vitest";
import type { Mutation } from "./mutations.ts";

/** How an input is tried, and what may come of it. */
export interface SurvivalOptions<Input> {
  /** Reads the input; may succeed, since not every change does harm. */
  attempt(input: Input): unknown;
  /** Whether an error is one that a user can act on, say `MlanError.is`. Any other fails the test. */
  isTyped(error: unknown): boolean;
}

const LONGEST_SECONDS = 10;
const LONGEST_MESSAGE = 20_000;
const MOST_GROWTH_BYTES = 2e9;

/**
 * Tries hostile inputs one after the other. Fails, naming the input, when one is refused with an error that is not typed
 * or not readable, takes 10 seconds, or when the process's peak memory has grown by 2 GB. Returns how many were accepted and
 * refused, so that a test can see that there were both.
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

/** The most memory that this process has had so far: what is freed before an attempt ends counts too. */
export function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
