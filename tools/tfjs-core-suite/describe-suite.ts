import { beforeAll, expect, it } from "vitest";
import { runTfjsCoreTests, type SuiteOptions } from "./run-suite.ts";
import type { SpecEvent } from "./spec-event.ts";

/** A test of tfjs-core that must fail on a backend, by its full name, and the reason. */
export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  /** Whether it fails only on some processors. */
  readonly varies?: boolean;
}

export interface SuiteExpectations {
  readonly known: readonly KnownDifference[];
  /** Lower bounds of the totals. Lower totals would mean that tests were lost. */
  readonly atLeast: { readonly passed: number; readonly tests: number };
  /**
   * Returns the deliberately unsupported kernel or dtype that a failed test needs, given its first message; otherwise
   * undefined.
   */
  leftOut(message: string): string | undefined;
}

/** Describes three tests: all of tfjs-core's tests run, they pass, and those in the list fail. */
export function describeTfjsCoreTests(suite: SuiteOptions, { known, atLeast, leftOut }: SuiteExpectations): void {
  const listed = new Set(known.map(({ name }) => name));
  let tests: readonly SpecEvent[] = [];
  let passed = 0;
  let failed: readonly SpecEvent[] = [];

  beforeAll(async () => {
    tests = await runTfjsCoreTests(suite);
    const reasons = new Map<string, number>();
    const needLeftOut = tests.filter(({ failures: [message = ""] }) => {
      const reason = leftOut(message);
      if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      return reason !== undefined;
    });
    failed = tests.filter((test) => test.failures.length > 0 && !needLeftOut.includes(test));
    const skipped = tests.filter(({ event }) => event === "skipped");
    passed = tests.length - failed.length - needLeftOut.length - skipped.length;
    console.info(
      `tfjs-core's tests: ${passed} passed, ${failed.length} failed (${listed.size} listed), ` +
        `${needLeftOut.length} need what is left out, ${skipped.length} skipped by tfjs-core itself.\n${[...reasons]
          .map(([reason, count]) => `  ${reason} is excluded: ${count}`)
          .join("\n")}`,
    );
  }, 300_000);

  it("are all there", () => {
    expect(passed).toBeGreaterThanOrEqual(atLeast.passed);
    expect(tests.length).toBeGreaterThanOrEqual(atLeast.tests);
  });

  it("pass, except those in known-differences.ts", () => {
    const unexpected = failed.filter(({ name }) => !listed.has(name));
    expect(unexpected.map(({ name, failures }) => `${name}: ${failures[0]}`)).toEqual([]);
  });

  it("fail where known-differences.ts says so", () => {
    const names = new Set(failed.map(({ name }) => name));
    expect(known.filter(({ name, varies }) => varies !== true && !names.has(name))).toEqual([]);
  });
}
