/** A line of output of a part of the check: one JSON object per line, so that a crash loses no earlier line. */
export type ReportLine =
  | { readonly kind: "fact"; readonly name: string; readonly value: string }
  | { readonly kind: "test"; readonly name: string; readonly outcome: "passed" | "skipped" }
  | { readonly kind: "test"; readonly name: string; readonly outcome: "failed"; readonly message: string }
  /** A training step. `loss` is the loss before its update, in nats. */
  | { readonly kind: "step"; readonly stage: string; readonly loss: number; readonly milliseconds: number }
  /** Greedy decoding of one row. The pass over the prompt yields the first token. */
  | { readonly kind: "decode"; readonly milliseconds: number; readonly tokens: readonly number[] }
  /** The reason why a part cannot be measured here, which is not a failure. */
  | { readonly kind: "missing"; readonly reason: string };

export function report(line: ReportLine): void {
  console.log(JSON.stringify(line));
}

/** Returns the report lines in the output of a part. */
export function reportLines(output: string): readonly ReportLine[] {
  return output.split("\n").flatMap((line) => {
    if (!line.startsWith('{"kind":')) return [];
    try {
      return [JSON.parse(line)];
    } catch {
      return []; // cut off when the part was killed
    }
  });
}
