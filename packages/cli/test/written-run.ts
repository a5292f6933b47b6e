import type { LedgerEntry, Run, StageResult } from "@mlan/core";

export const result = (stage: string, benchmark: string, values: Partial<StageResult> = {}): StageResult => ({
  stage,
  benchmark,
  protocol: "strict",
  protocolVersion: 1,
  wording: "tuned",
  fingerprints: { questions: benchmark, prompts: "p", protocol: "r" },
  evaluator: "generation",
  extractor: { name: "strict", version: 1 },
  positions: { prompts: 10, computed: 10 },
  questions: 300,
  unreadable: 0,
  metrics: { accuracy: { value: 0.713, standardError: 0.026 } },
  seconds: 1,
  ...values,
});

/** A finished run with these results and costs. */
export const runOf = (
  results: readonly StageResult[],
  ledger: readonly LedgerEntry[],
  stages: readonly string[],
): Run => {
  const done = { done: true, started: "2026-01-01T00:00:00.000Z" };
  const trained = ledger.map((entry) => [entry.stage, { ...done, ledger: entry }] as const);
  return {
    folder: new URL("file:///runs/one/"),
    manifest: {
      formatVersion: 2,
      plan: {
        name: "one",
        seed: 42,
        plugins: [],
        stages: stages.map((name) => ({ name, kind: ledger.length > 0 ? "train" : "evaluate", settings: {} })),
      },
      versions: {},
      created: "2026-01-01T00:00:00.000Z",
      stages: Object.fromEntries([...stages.map((name) => [name, done] as const), ...trained]),
    },
    metrics: [],
    ledger,
    results,
    damage: [],
  };
};
