/** One requirement of the TensorFlow backend, and its state. */
export interface Finding {
  readonly name: string;
  /** The state; "unused" means that nothing installed needs it. */
  readonly state: "ok" | "missing" | "broken" | "unused";
  /** What was found, or what was searched for and where. */
  readonly found: string;
  /** The command or action that fixes it. */
  readonly fix?: string;
}
