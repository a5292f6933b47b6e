import { spawn } from "node:child_process";
import { type ReportLine, reportLines } from "./report-line.ts";

/** A process of the check. If it fails, the others still run. */
export interface Part {
  readonly name: string;
  readonly group: "adapter" | "conformance" | "recipe" | "preparation" | "speed" | "kernels";
  readonly program: string;
  readonly parameters: readonly string[];
  /** Time limit in seconds. The process is then killed. */
  readonly seconds: number;
  /** Whether the part is skipped if its program is missing. Otherwise it has failed. Default false. */
  readonly optional?: boolean;
}

export interface PartResult extends Pick<Part, "name" | "group"> {
  /**
   * "failed": the part ended with an error, a test failed, or it ran no test. "left out": the part reported what it
   * lacks.
   */
  readonly outcome: "passed" | "failed" | "timed out" | "no time left" | "left out";
  readonly seconds: number;
  readonly lines: readonly ReportLine[];
  /** The end of its output without report lines, if it did not pass. */
  readonly message?: string;
}

/** Maximum number of characters of this output. */
const MESSAGE_LENGTH = 1500;

/** Runs a part for at most its time limit and at most `secondsLeft`. */
export function runPart(part: Part, secondsLeft: number, environment: NodeJS.ProcessEnv): Promise<PartResult> {
  const { name, group } = part;
  const limit = Math.min(part.seconds, secondsLeft);
  if (limit < 1) return Promise.resolve({ name, group, outcome: "no time left", seconds: 0, lines: [] });
  return new Promise((resolve) => {
    const start = performance.now();
    const child = spawn(part.program, part.parameters, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    let [output, errors, timedOut] = ["", "", false];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-MESSAGE_LENGTH)));
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, limit * 1000);
    const end = (ending: string | undefined): void => {
      clearTimeout(timer);
      const lines = reportLines(output);
      const problem = ending ?? (passes(part, lines) ? undefined : "a test failed, or there was none");
      const done = lines.some(({ kind }) => kind === "missing") ? "left out" : "passed";
      const outcome = timedOut ? "timed out" : problem === undefined ? done : "failed";
      const printed = ending === undefined ? "" : errors.trim();
      const reason = timedOut ? `killed after ${limit.toFixed(0)} s` : problem;
      const message = printed === "" ? reason : `${reason}: ${printed}`;
      const seconds = (performance.now() - start) / 1000;
      resolve({ name, group, outcome, seconds, lines, ...(outcome !== done && message && { message }) });
    };
    child.on("error", (error) => {
      const absent = part.optional === true && "code" in error && error.code === "ENOENT";
      if (absent) output = JSON.stringify({ kind: "missing", reason: `no ${part.program}` } satisfies ReportLine);
      end(absent ? undefined : error.message);
    });
    child.on("close", (code, signal) => end(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`));
  });
}

function passes({ group }: Part, lines: readonly ReportLine[]): boolean {
  if (group !== "conformance" && group !== "kernels") return true;
  const outcomes = new Set(lines.flatMap((line) => (line.kind === "test" ? [line.outcome] : [])));
  return outcomes.has("passed") && !outcomes.has("failed");
}
