import { type ComparedResult, type CompareOptions, compareResults } from "@mlan/eval-compare";
import { MlanError } from "@mlan/core";
import { describe, expect, test } from "vitest";
import { fingerprints, result } from "./two-runs.ts";

const tuned = { label: "run-b: tuned" };
const first = result([1, 0, 1, 1]);
const second = result([1, 1, 1, 0], tuned);

/** The error message of a comparison; fails when there is no error. */
function refusal(one: readonly ComparedResult[], other: readonly ComparedResult[], options?: CompareOptions): string {
  try {
    compareResults(one, other, { resamples: 100, ...options });
  } catch (error) {
    expect(MlanError.is(error, "invalid-options")).toBe(true);
    return error instanceof Error ? error.message : "";
  }
  throw new Error("Nothing was refused.");
}

const differing = (changes: Partial<typeof fingerprints>): ComparedResult => ({
  ...second,
  fingerprints: { ...fingerprints, ...changes },
});

describe.each(["questions", "prompts", "protocol"] as const)("other %s", (kind) => {
  const other = differing({ [kind]: "something-else" });

  test("are refused with the benchmark, both values and the remedy", () => {
    const message = refusal([first], [other]);
    expect(message).toContain("eval-compare: boolq");
    expect(message).toMatch(new RegExp(`${kind}-1.*run-a: base.*something-el.*run-b: tuned`));
    expect(message).toContain(`allow: ["${kind}"]`);
  });

  test("are refused although others are allowed", () => {
    const others = (["questions", "prompts", "protocol"] as const).filter((one) => one !== kind);
    expect(refusal([first], [other], { allow: others })).toContain(`allow: ["${kind}"]`);
  });

  test("are compared when they are allowed, and the comparison says so", () => {
    const [boolq] = compareResults([first], [other], { resamples: 100, allow: [kind] }).benchmarks;
    expect(boolq?.questions).toBe(4);
    expect(boolq?.allowed).toHaveLength(1);
    expect(boolq?.allowed[0]?.kind).toBe(kind);
    expect(boolq?.allowed[0]?.first).toContain(`${kind}-1`);
    expect(boolq?.allowed[0]?.second).toContain("something-el");
  });
});

describe("a run that asked fewer questions", () => {
  const worded = (one: ComparedResult, words: (id: string) => string): ComparedResult => ({
    ...one,
    answers: one.answers.map((answer) => ({ ...answer, prompt: words(answer.id) })),
  });
  const fingerprintsOfTwo = { ...fingerprints, questions: "questions-of-two", prompts: "prompts-of-two" };
  const whole = worded(first, (id) => `is it ${id}?`);
  const limited = { ...result([1, 1], tuned), fingerprints: fingerprintsOfTwo };

  test("in the same words differs in its questions and not in its prompts", () => {
    const other = worded(limited, (id) => `is it ${id}?`);
    const message = refusal([whole], [other]);
    expect(message).toContain('allow: ["questions"]');
    expect(message).not.toContain("prompts");
    const [boolq] = compareResults([whole], [other], { resamples: 100, allow: ["questions"] }).benchmarks;
    expect(boolq).toMatchObject({ questions: 2, allowed: [{ kind: "questions" }] });
  });

  test.each([
    ["in other words", worded(limited, (id) => `is it ${id === "1" ? "not " : ""}${id}?`)],
    ["with unknown prompts", limited],
  ])("%s differs in both", (_, other) => {
    expect(refusal([whole], [other], { allow: ["questions"] })).toContain('allow: ["prompts"]');
  });
});

test("an error for an untuned base and a tuned model says how to compare them", () => {
  expect(refusal([first], [differing({ prompts: "other" })])).toMatch(
    /The prompts of an untuned base model and a tuned model differ by design.*allow: \["prompts"\]/,
  );
});

test("one error names all differences", () => {
  const message = refusal([first], [differing({ prompts: "other", protocol: "other" })]);
  expect(message).toContain('allow: ["prompts"]');
  expect(message).toContain('allow: ["protocol"]');
});

test("fingerprints with the same beginning are shown in full", () => {
  const [one, other] = [`${"0".repeat(63)}1`, `${"0".repeat(63)}2`];
  const message = refusal(
    [{ ...first, fingerprints: { ...fingerprints, prompts: one } }],
    [differing({ prompts: other })],
  );
  expect(message).toContain(one);
  expect(message).toContain(other);
});

test("other protocols are refused by name, also where each run has one only", () => {
  const paper = { ...second, protocol: "paper" };
  expect(refusal([first], [paper])).toMatch(
    /strict \(protocol-1\) in run-a: base, paper \(protocol-1\) in run-b: tuned/,
  );
  const [boolq] = compareResults([first], [paper], { resamples: 100, allow: ["protocol"] }).benchmarks;
  expect(boolq?.second.protocol).toBe("paper");
});

describe("answers that do not align", () => {
  const shorter = { ...second, answers: second.answers.slice(0, 2) };

  test("are refused with what is missing where", () => {
    const message = refusal([first], [shorter]);
    expect(message).toMatch(/boolq: run-b: tuned lacks 2 questions of run-a: base \("2", "3"\)/);
    expect(message).toContain('allow: ["questions"]');
    expect(refusal([shorter], [first])).toMatch(/boolq: run-b: tuned lacks 2/);
  });

  test("are reported for both sides, with three examples at most", () => {
    const [one, other] = [result([1, 1, 1, 1, 1, 1]), result([1, 0, 1, 1, 1, 1, 1], tuned)];
    const shifted = {
      ...other,
      answers: other.answers.map((answer) => ({ ...answer, id: `${Number(answer.id) + 4}` })),
    };
    const message = refusal([one], [shifted]);
    expect(message).toContain('run-b: tuned lacks 4 questions of run-a: base ("0", "1", "2", ...)');
    expect(message).toContain('run-a: base lacks 5 questions of run-b: tuned ("6", "7", "8", ...)');
  });

  test("are compared in what they have in common when questions may differ, and the rest is counted", () => {
    const { benchmarks } = compareResults([first], [shorter], { resamples: 100, allow: ["questions"] });
    expect(benchmarks[0]).toMatchObject({
      questions: 2,
      leftOut: { first: 2, second: 0 },
      discordant: { onlyFirst: 0, onlySecond: 1 },
      first: { accuracy: 0.5 },
      second: { accuracy: 1 },
    });
  });

  test("are refused when nothing is in common", () => {
    const strange = { ...second, answers: second.answers.map((answer) => ({ ...answer, id: `x${answer.id}` })) };
    expect(refusal([first], [strange], { allow: ["questions"] })).toMatch(
      /boolq: run-a: base \(4 answers\) and run-b: tuned \(4 answers\) have no question in common/,
    );
    expect(refusal([{ ...first, answers: [] }], [{ ...second, answers: [] }])).toMatch(
      /0 answers.*no question in common/,
    );
  });

  test("are refused when an id occurs twice", () => {
    const doubled = { ...second, answers: [...second.answers, second.answers[1]!] };
    expect(refusal([first], [doubled], { allow: ["questions"] })).toMatch(
      /boolq: run-b: tuned has two answers to question "1"/,
    );
  });

  test("are refused when targets differ, unless protocols may", () => {
    const answers = second.answers.map((answer) => ({ ...answer, target: answer.target === "yes" ? "(A)" : "(B)" }));
    const other = { ...second, answers };
    expect(refusal([first], [other], { allow: ["questions"] })).toMatch(
      /boolq: question "0" has the target "yes" in run-a: base but "\(A\)" in run-b: tuned/,
    );
    expect(refusal([first], [other], { allow: ["protocol"] })).toContain('the target "yes"');
    const paper = { ...other, protocol: "paper" };
    expect(compareResults([first], [paper], { resamples: 100, allow: ["protocol"] }).benchmarks).toHaveLength(1);
  });
});

test.each<[unknown, string]>([
  [NaN, "NaN"],
  [0.5, "0.5"],
  [null, "null"],
  ["false", '"false"'],
])("an answer that is neither right nor wrong is refused: %s", (correct, shown) => {
  const answers = second.answers.map((answer, index) => (index === 2 ? { ...answer, ...Object({ correct }) } : answer));
  expect(refusal([first], [{ ...second, answers }])).toBe(
    `eval-compare: boolq: run-b: tuned has ${shown} as \`correct\` of the answer to question "2"; it must be true or false.`,
  );
});

describe("runs that do not fit together", () => {
  test("are refused without a benchmark in common", () => {
    expect(refusal([first], [{ ...second, benchmark: "pope" }])).toMatch(
      /no benchmark in common. The first has boolq \(strict\); the second has pope \(strict\)/,
    );
    expect(refusal([], [second])).toMatch(/The first has no results at all/);
  });

  test("are refused when a benchmark occurs twice in one of them", () => {
    const again = { ...second, label: "run-b: base" };
    expect(refusal([first], [second, again])).toMatch(
      /the second run has two results of boolq \(strict\): run-b: tuned, and run-b: base/,
    );
  });
});

test.each<[unknown, RegExp]>([
  [{ level: 95 }, /level/],
  [{ resamples: 10 }, /resamples/],
  [{ seed: 0.5 }, /seed/],
  [{ level: NaN }, /option "level": expected a number/],
  [{ resamples: Infinity }, /option "resamples"/],
  [{ seed: NaN }, /option "seed"/],
  [{ allow: ["everything"] }, /allow/],
  [{ alow: ["prompts"] }, /alow/],
])("options %o are refused by name", (options, message) => {
  expect(() => compareResults([first], [second], Object(options))).toThrow(message);
});
