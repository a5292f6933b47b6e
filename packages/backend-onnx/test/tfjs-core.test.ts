import { beforeAll, describe, expect, it } from "vitest";
import { runTfjsCoreTests } from "../../../tools/tfjs-core-suite/run-suite.ts";
import type { SpecEvent } from "../../../tools/tfjs-core-suite/spec-event.ts";
import { reasonLeftOut } from "../src/kernels/left-out-kernels.ts";
import { KNOWN_DIFFERENCES } from "./tfjs-core/known-differences.ts";

/** Totals below these would mean that tests were lost on the way. */
const AT_LEAST = { passed: 3778, tests: 4230 };

const listed = new Set(KNOWN_DIFFERENCES.map(({ name }) => name));

describe("tfjs-core's own tests", () => {
  let tests: readonly SpecEvent[] = [];
  let passed = 0;
  let failed: readonly SpecEvent[] = [];

  beforeAll(async () => {
    tests = await runTfjsCoreTests({
      program: new URL("tfjs-core/specs-on-onnx.ts", import.meta.url),
      bundle: new URL("../.cache/tfjs-core/run-specs.mjs", import.meta.url),
    });
    const needLeftOut = tests.filter((test) => leftOut(test) !== undefined);
    failed = tests.filter((test) => test.failures.length > 0 && leftOut(test) === undefined);
    const skipped = tests.filter(({ event }) => event === "skipped");
    passed = tests.length - failed.length - needLeftOut.length - skipped.length;
    console.info(
      `tfjs-core's tests: ${passed} passed, ${failed.length} failed (${listed.size} listed), ` +
        `${needLeftOut.length} need what is left out, ${skipped.length} skipped by tfjs-core itself.\n${reasons(needLeftOut)}`,
    );
  });

  it("are all there", () => {
    expect(passed).toBeGreaterThanOrEqual(AT_LEAST.passed);
    expect(tests.length).toBeGreaterThanOrEqual(AT_LEAST.tests);
  });

  it("pass, but for those in known-differences.ts", () => {
    const unexpected = failed.filter(({ name }) => !listed.has(name));
    expect(unexpected.map(({ name, failures }) => `${name}: ${failures[0]}`)).toEqual([]);
  });
  it("fail where known-differences.ts says so", () => {
    const names = new Set(failed.map(({ name }) => name));
    expect(KNOWN_DIFFERENCES.filter(({ name }) => !names.has(name))).toEqual([]);
  });
});

/** The kernel or dtype that a test needed first and that is left out on purpose; undefined for every other test. */
function leftOut({ failures: [first = ""] }: SpecEvent): string | undefined {
  const dtype = /dtype (string|complex64) is not computed here/.exec(first)?.[1];
  if (dtype !== undefined) return `dtype ${dtype}`;
  const kernelName = /the kernel (\w+) is not implemented/.exec(first)?.[1];
  return kernelName !== undefined && reasonLeftOut(kernelName) !== undefined ? `kernel ${kernelName}` : undefined;
}

function reasons(tests: readonly SpecEvent[]): string {
  const counts = new Map<string, number>();
  for (const test of tests) {
    const reason = leftOut(test) ?? "";
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `  ${reason} is excluded: ${count}`).join("\n");
}
