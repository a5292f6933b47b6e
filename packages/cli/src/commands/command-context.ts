import type { Terminal } from "../terminal/terminal.ts";

/** The terminal and exit status that every command uses. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Sets the exit status. */
  finish(exitStatus: number): void;
}
