import type { Terminal } from "../terminal/terminal.ts";

/** The terminal of a command, and the means to set its exit status. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Sets the exit status. */
  finish(exitStatus: number): void;
}
