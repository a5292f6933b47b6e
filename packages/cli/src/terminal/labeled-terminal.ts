import type { Terminal } from "./terminal.ts";

/** Returns a terminal whose notes and redrawn lines begin with a label. */
export function labeledTerminal(terminal: Terminal, label: string): Terminal {
  const head = `${label}  `;
  return {
    ...terminal,
    columns: () => Math.max(20, terminal.columns() - head.length),
    note: (line) => terminal.note(`${terminal.paint.dim(head)}${line}`),
    redraw: (line) => terminal.redraw(line === undefined ? undefined : `${head}${line}`),
  };
}
