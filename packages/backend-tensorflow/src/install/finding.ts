/** The state of one requirement of the TensorFlow backend. */
export interface Finding {
  readonly name: string;
  /** "unused" means that nothing installed needs it. */
  readonly state: "ok" | "missing" | "broken" | "unused";
  /** The result of the search, or what was searched for and where. */
  readonly found: string;
  /** The command or action that fixes it. */
  readonly fix?: string;
}
