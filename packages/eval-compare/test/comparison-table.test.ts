import { compareResults, comparisonTable } from "@mlan/eval-compare";
import { describe, expect, test } from "vitest";
import { drawn, fingerprints, result, table } from "./two-runs.ts";

const second = { label: "run-b: tuned" };
const approval = table(794, 150, 86, 570);

/** The cells of the nth line that begins with `name`. */
function cells(lines: readonly string[], name: string, nth = 0): readonly string[] {
  return lines.filter((line) => line.startsWith(`${name} `))[nth]?.split(/ {2,}/) ?? [];
}

describe("comparisonTable", () => {
  const boolq = [result(approval.first), result(approval.second, second)] as const;
  const pope = [drawn(180, 0.5, 1), drawn(180, 0.6, 2)].map((values, place) =>
    result(values, { benchmark: "pope", perCluster: 18, ...(place === 1 && second) }),
  );
  const comparison = compareResults([boolq[0], pope[0]!], [boolq[1], pope[1]!], { seed: 3, resamples: 2000 });
  const lines = comparisonTable(comparison);

  test("names the runs once", () => {
    expect(lines.slice(0, 2)).toEqual(["First:  run-a: base", "Second: run-b: tuned"]);
  });

  test("has the headings of a run's table", () => {
    expect(lines).toContain("Accuracies in %, 95 % intervals in brackets");
    expect(lines).toContain("Differences in percentage points, 95 % intervals in brackets");
  });

  test("shows accuracies in per cent with their intervals, and clusters where there are any", () => {
    expect(cells(lines, "boolq")).toEqual(["boolq", "strict", "1600", "-", "59.0 [56.6, 61.4]", "55.0 [52.6, 57.4]"]);
    expect(cells(lines, "pope").slice(2, 4)).toEqual(["180", "10"]);
  });

  test("shows differences in points, wins and losses, p-values, and verdicts", () => {
    const [, difference, discordant, p, adjusted, detectable, verdict] = cells(lines, "boolq", 1);
    expect(difference).toMatch(/^-4\.0 \[-5\.\d, -2\.\d\]$/);
    expect([discordant, p, adjusted, verdict]).toEqual(["150 / 86", "<0.0001", "<0.0001", "worse"]);
    expect(detectable).toBe((comparison.benchmarks[0]!.minimumDetectableEffect! * 100).toFixed(1));
  });

  test("says method, level, resamples and seed", () => {
    const legend = lines.join(" ").replaceAll(/\s+/g, " ");
    expect(legend).toContain(
      "paired cluster bootstrap, accuracies by Wilson or, with clusters, cluster bootstrap (95 %, 2,000 resamples, seed 3)",
    );
    expect(legend).toContain("exact McNemar or, with clusters, paired cluster bootstrap");
    expect(legend).toContain("adjusted over 2 benchmarks; the last column uses it, at 5 % significance");
  });

  test("says what was allowed, left out, untested and not compared", () => {
    const other = result([0, 1], {
      ...second,
      perCluster: 2,
      fingerprints: { ...fingerprints, prompts: "prompts-2", questions: "questions-2" },
    });
    const found = compareResults(
      [result([1, 0, 1], { perCluster: 3 }), result([1], { benchmark: "gqa" })],
      [other, result([1], { benchmark: "race", label: "x" })],
      { resamples: 100, allow: ["prompts", "questions"] },
    );
    const text = comparisonTable(found).join("\n");
    expect(text).toContain("Allowed to differ in questions: boolq (first questions-1, second questions-2).");
    expect(text).toContain("Allowed to differ in prompts: boolq (first prompts-1, second prompts-2).");
    expect(text).toContain("boolq: excluded 1 of the first's answers and 0 of the second's.");
    expect(text).toContain("boolq: all questions are in one cluster, so no test is possible.");
    expect(text).toContain("Only in the first: gqa (strict).");
    expect(text).toContain("Only in the second: race (strict).");
    expect(lines.join("\n")).not.toMatch(/Allowed|excluded|Only in|no test/);
  });

  test("stays within 110 characters, whatever the names and numbers", () => {
    const long = "a-benchmark-with-a-very-long-name".repeat(4);
    const labels = { label: "a run of a model that was tuned on many things, ".repeat(5) };
    const [one, other] = [table(0, 9000, 0, 0), table(0, 0, 9000, 0)];
    const found = compareResults(
      [
        result(one.first, { benchmark: long, ...labels }),
        result(drawn(9000, 0.5, 1), { benchmark: "pope", perCluster: 3000 }),
      ],
      [
        result(one.second, { benchmark: long, label: "x".repeat(300) }),
        result(other.second, { benchmark: "pope", perCluster: 3000, label: "y" }),
      ],
      { resamples: 100 },
    );
    const wide = comparisonTable(found);
    for (const line of wide) expect(line.length, line).toBeLessThanOrEqual(110);
    expect(wide.join("").replaceAll(" ", "")).toContain("x".repeat(300));
  });
});
