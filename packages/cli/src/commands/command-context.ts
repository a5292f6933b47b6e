import type { Terminal } from "../terminal/terminal.ts";

export interface CommandContext {
  readonly terminal: Terminal;
  finish(exitStatus: number): void;
}
