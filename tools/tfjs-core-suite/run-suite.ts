import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { SpecEvent } from "./spec-event.ts";

export interface SuiteOptions {
  /** A program that makes a backend current and ends with `runSpecs` of run-specs.ts. */
  readonly program: URL;
  /** The path of its bundle in the backend's package, where external packages can be resolved. */
  readonly bundle: URL;
}

/**
 * Runs the tests that tfjs-core ships in a separate process. One bundle contains tests, tfjs-core and backend, because
 * the tests import files of tfjs-core, and a second copy of it would not have the backend.
 */
export async function runTfjsCoreTests(options: SuiteOptions): Promise<readonly SpecEvent[]> {
  await bundle(options);
  const parameters = [fileURLToPath(options.bundle)];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const [, , errors, results] = child.stdio;
  if (!(errors instanceof Readable) || !(results instanceof Readable)) throw new Error("the process has no pipes");
  const [events, tail] = await Promise.all([readEvents(results), readTail(errors), once(child, "close")]);
  const last = events.at(-1);
  if (last?.event !== "end") {
    throw new Error(`the process ended during "${last?.name}" (${child.signalCode ?? child.exitCode}): ${tail}`);
  }
  return events.filter(({ event }) => event === "spec" || event === "skipped");
}

async function bundle({ program, bundle }: SuiteOptions): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(program)],
    outfile: fileURLToPath(bundle),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@mlan/source"],
    // The files that the tests import, not the bundles beside them.
    mainFields: ["module", "main"],
    // tfjs-core wrongly declares its tests free of side effects.
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
