/** The output of a command. Results go to one stream and everything else to the other, so that results can be piped. */
export interface Terminal {
  /** Whether `note` and `redraw` write to an interactive terminal. */
  readonly interactive: boolean;
  /** Returns the number of characters per line, which changes with the size of the window. */
  columns(): number;
  print(line: string): void;
  /**
   * Writes a part of a line of results. On a terminal, control characters are shown as U+FFFD, because they could
   * change the terminal's state.
   */
  write(text: string): void;
  /** Writes a line that is not a result, above the line of `redraw`. */
  note(line: string): void;
  /** Replaces the redrawn line at the bottom; undefined removes it. Does nothing unless `interactive`. */
  redraw(line: string | undefined): void;
  readonly paint: Paint;
}

interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
}

/** Returns the milliseconds between two progress lines: short when a line is redrawn, long when lines are added. */
export function displayInterval({ interactive }: Terminal): number {
  return interactive ? 100 : 10_000;
}

const CLEAR_TO_END = "\u001B[K";

/** The streams and environment of a process, or of a test. */
export interface Streams {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: NodeJS.ProcessEnv;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Returns a terminal that writes results to standard output and everything else to standard error. Colors respect
 * NO_COLOR and FORCE_COLOR (no-color.org).
 */
export function processTerminal({ stdout, stderr, env }: Streams = process): Terminal {
  const interactive = stderr.isTTY === true && env["TERM"] !== "dumb";
  let shown = false;
  const clear = (): void => {
    if (shown) stderr.write(`\r${CLEAR_TO_END}`);
    shown = false;
  };
  return {
    interactive,
    // A terminal of unknown size reports 0 columns.
    columns: () => (stderr.isTTY ? stderr.columns : stdout.isTTY ? stdout.columns : undefined) || 120,
    print(line) {
      clear();
      stdout.write(`${line}\n`);
    },
    write(text) {
      clear();
      stdout.write(stdout.isTTY ? text.replaceAll(/(?![\n\t])\p{Cc}/gu, "\ufffd") : text);
    },
    note(line) {
      clear();
      stderr.write(`${line}\n`);
    },
    redraw(line) {
      if (!interactive) return;
      if (line === undefined) return clear();
      stderr.write(`\r${line}${CLEAR_TO_END}`); // in one piece, or it flickers
      shown = true;
    },
    paint: paint(colorsWanted(env, interactive)),
  };
}

function colorsWanted(env: NodeJS.ProcessEnv, interactive: boolean): boolean {
  if (env["NO_COLOR"]) return false;
  const forced = env["FORCE_COLOR"];
  return forced === undefined ? interactive : forced !== "0";
}

function paint(enabled: boolean): Paint {
  const style =
    (on: number, off: number) =>
    (text: string): string =>
      enabled ? `\u001B[${on}m${text}\u001B[${off}m` : text;
  return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39) };
}
