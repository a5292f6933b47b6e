/** One thing that the TensorFlow backend needs, and how it stands with it. */
export interface Finding {
  readonly name: string;
  /** "unused": not there, and not needed by what is installed. */
  readonly state: "ok" | "missing" | "broken" | "unused";
  /** What was found, or what was looked for and where. */
  readonly found: string;
  /** The command, or the thing to do, that fixes it. */
  readonly fix?: string;
}
