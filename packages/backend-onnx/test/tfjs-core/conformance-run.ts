import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** One line of what run-specs.ts reports. */
export interface SpecEvent {
  readonly event: "start" | "spec" | "skipped" | "end";
  readonly name: string;
  /** Messages of what failed, in order; none for a test that passed. */
  readonly failures: readonly string[];
}

/** In the package, so that ONNX Runtime is found from there. */
const PROGRAM = fileURLToPath(new URL("../../.cache/tfjs-core/run-specs.mjs", import.meta.url));

/**
 * Runs the tests that tfjs-core ships, on the backend "onnx", in a process of their own. One bundle holds tests,
 * tfjs-core and backend: the tests import tfjs-core's files, and with a copy of their own they would know no backend.
 */
export async function runTfjsCoreTests(): Promise<readonly SpecEvent[]> {
  await bundle();
  const child = spawn(process.execPath, [PROGRAM], { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const [, , errors, results] = child.stdio;
  if (!(errors instanceof Readable) || !(results instanceof Readable)) throw new Error("the process has no pipes");
  const [events, tail] = await Promise.all([readEvents(results), readTail(errors), once(child, "close")]);
  const last = events.at(-1);
  if (last?.event !== "end") {
    throw new Error(`the process ended during "${last?.name}" (${child.signalCode ?? child.exitCode}): ${tail}`);
  }
  return events.filter(({ event }) => event === "spec" || event === "skipped");
}

async function bundle(): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL("run-specs.ts", import.meta.url))],
    outfile: PROGRAM,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@mlan/source"],
    // The files that the tests import, not the bundles beside them.
    mainFields: ["module", "main"],
    // tfjs-core says that its tests have no side effects.
    ignoreAnnotations: true,
    external: ["koffi", "jasmine-core", "jasmine-core/*"],
    banner: {
      js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);',
    },
    logLevel: "error",
  });
}

async function readEvents(results: Readable): Promise<SpecEvent[]> {
  const events: SpecEvent[] = [];
  for await (const line of createInterface({ input: results })) events.push(JSON.parse(line) as SpecEvent);
  return events;
}

async function readTail(errors: Readable): Promise<string> {
  let text = "";
  for await (const chunk of errors.setEncoding("utf8")) text = `${text}${String(chunk)}`.slice(-1000);
  return text;
}
