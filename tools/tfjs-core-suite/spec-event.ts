/** One line of what run-specs.ts reports. */
export interface SpecEvent {
  readonly event: "start" | "spec" | "skipped" | "end";
  readonly name: string;
  /** Messages of what failed, in order; none for a test that passed. */
  readonly failures: readonly string[];
}
