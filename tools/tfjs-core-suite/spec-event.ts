/** A line of the report of run-specs.ts. */
export interface SpecEvent {
  readonly event: "start" | "spec" | "skipped" | "end";
  readonly name: string;
  /** Messages of the failed expectations, in order; empty for a passed test. */
  readonly failures: readonly string[];
}
