/** The state of one requirement of the TensorFlow backend. */
export interface Finding {
  readonly name: string;
  /** "unused": nothing that is installed needs the requirement. */
  readonly state: "ok" | "missing" | "broken" | "unused";
  /** The result of the search, or what was searched for and where. */
  readonly found: string;
  /** The command or action that meets the requirement. Absent if nothing needs to be done. */
  readonly fix?: string;
}
