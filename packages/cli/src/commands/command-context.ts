import type { Terminal } from "../terminal/terminal.ts";

/** What every command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Takes the exit status. */
  finish(exitStatus: number): void;
}
