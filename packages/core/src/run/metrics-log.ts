import { messageOf, pathOf } from "@mlan/errors";
import { appendFile, open } from "node:fs/promises";
import { writeFileAtomically } from "../files/atomic-files.ts";
import { MlanError } from "../errors.ts";
import type { StepMetrics } from "./ledger.ts";
import { makeFolder } from "../files/make-folder.ts";
import { nullAsNumber, readIfThere } from "../files/read-json.ts";
import type { StepEndEvent } from "../contracts/trainer.ts";

/** The file `metrics.jsonl` of a run: one line per training step. */
export interface MetricsLog {
  /**
   * Reads all complete lines. The last line may be incomplete after a crash. Throws `run-folder` for a damaged line.
   */
  read(): Promise<readonly StepMetrics[]>;
  /** Like `read`, but skips damaged lines. */
  readWhole(): Promise<readonly StepMetrics[]>;
  /**
   * Reduces a stage's lines to its first `stepsDone` steps, and returns those steps. `history` replaces the logged
   * steps if the trainer provides it. Throws `run-folder` when a step is missing and there is no history.
   */
  restore(stage: string, stepsDone: number, history?: readonly StepEndEvent[]): Promise<readonly StepMetrics[]>;
  add(metrics: StepMetrics): Promise<void>;
  /** Syncs the log to disk. Lines that are not synced may be lost in a power failure. */
  sync(): Promise<void>;
}

/** Opens the log. `otherwise`: see {@link RunFolder.otherwise}. */
export function metricsLog(file: URL, otherwise: string): MetricsLog {
  const readWhole = async (): Promise<readonly StepMetrics[]> =>
    (await readLines(file)).flatMap(({ metrics }) => metrics ?? []);
  return {
    async read() {
      return (await readLines(file)).map(({ text, metrics }, index) => {
        if (metrics) return metrics;
        const found = text.length > 60 ? `${text.slice(0, 60)}...` : text;
        throw new MlanError(
          "run-folder",
          `line ${index + 1} of ${pathOf(file)} is not a training step (${found}). Remove the line; the costs in ledger.json do not depend on it.`,
        );
      });
    },
    readWhole,
    async restore(stage, stepsDone, history) {
      const lines = await readWhole();
      const logged = new Map(lines.filter((line) => line.stage === stage).map((line) => [line.step, line]));
      const restored = Array.from({ length: stepsDone }, (_, index) => {
        const event = history?.[index];
        const metrics = event ? metricsOf(stage, event) : logged.get(index + 1);
        if (metrics?.step === index + 1) return metrics;
        throw new MlanError(
          "run-folder",
          `${pathOf(file)} lacks step ${index + 1} of the ${stepsDone} steps that stage "${stage}" has done, and its checkpoint does not record them. ` +
            `Restore the file, or ${otherwise}.`,
        );
      });
      // The other stages' lines keep their order and precede those of the continued stage.
      const all = [...lines.filter((line) => line.stage !== stage), ...restored];
      await writeFileAtomically(file, all.map((line) => `${JSON.stringify(line)}\n`).join(""));
      return restored;
    },
    add: (metrics) =>
      attempt(file, async () => {
        await makeFolder(new URL("./", file));
        await appendFile(file, `${JSON.stringify(metrics)}\n`);
      }),
    sync: () =>
      attempt(file, async () => {
        const handle = await open(file, "a");
        await handle.sync().finally(() => handle.close());
      }),
  };
}

export function metricsOf(stage: string, event: StepEndEvent): StepMetrics {
  const { type: _, ...metrics } = event;
  return { stage, ...metrics };
}

interface Line {
  readonly text: string;
  /** Absent when the line is damaged. */
  readonly metrics: StepMetrics | undefined;
}

async function readLines(file: URL): Promise<readonly Line[]> {
  const text = (await readIfThere(file)) ?? "";
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ text: line, metrics: parsed(line) }));
}

function parsed(line: string): StepMetrics | undefined {
  try {
    const value = JSON.parse(line, nullAsNumber);
    const { stage, step, counts } = Object(value);
    const hasCounts = typeof counts === "object" && counts !== null;
    return typeof stage === "string" && Number.isInteger(step) && hasCounts ? value : undefined;
  } catch {
    return undefined;
  }
}

async function attempt(file: URL, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const message = `${pathOf(file)} could not be written (${messageOf(cause)}). Free some space or check permissions, then start the same run again.`;
    throw new MlanError("unavailable", message, { cause });
  }
}
