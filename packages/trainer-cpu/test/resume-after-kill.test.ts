import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { temporaryFolder, writeTinyLlava } from "@mlan/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { bundleProgram } from "../../../tools/setup/bundle-program.ts";

const STEPS = 15;
const root = temporaryFolder();
let program: string;

beforeAll(async () => {
  await writeTinyLlava(root, { seed: 5 });
  program = await bundleProgram(new URL("tune.ts", import.meta.url), new URL("..", import.meta.url));
});
function start(folder: URL): ChildProcess {
  return spawn(process.execPath, [program, root.href, folder.href], { stdio: ["ignore", "pipe", "inherit"] });
}

/** The lines printed by the process, which is killed with SIGKILL as soon as a line begins with `killAt`. */
async function tune(folder: URL, killAt?: string): Promise<readonly string[]> {
  const child = start(folder);
  const ended = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line);
    if (killAt !== undefined && line.startsWith(killAt)) child.kill("SIGKILL");
  }
  const [code, signal] = await ended;
  expect([code, signal]).toEqual(killAt === undefined ? [0, null] : [null, "SIGKILL"]);
  return lines;
}

/** The bytes of every file of the last checkpoint, except those with the times of steps. */
async function lastCheckpoint(folder: URL): Promise<ReadonlyMap<string, Buffer>> {
  const last = new URL(`step-${String(STEPS).padStart(6, "0")}/`, folder);
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(last, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.slice(fileURLToPath(last).length), await readFile(path));
  }
  for (const name of ["steps.jsonl", "checksums.json"]) files.delete(name);
  return files;
}

describe("a run that is killed with SIGKILL in the middle of tuning", () => {
  it("resumes from its newest checkpoint and is bit-identical", async () => {
    const straight = new URL("straight/", root);
    const killed = new URL("killed/", root);
    const wanted = await tune(straight);

    const parts = [
      await tune(killed, "step 1 "), // before the first checkpoint
      await tune(killed, "step 4 "), // just before or while the checkpoint of step 4 is written
      await tune(killed, "checkpoint-saved"),
      await tune(killed),
    ];

    expect(wanted.filter((line) => line.startsWith("step"))).toHaveLength(STEPS);
    // Each part printed the same lines for its steps as the uninterrupted run.
    for (const line of parts.flat().filter((line) => line.startsWith("step"))) expect(wanted).toContain(line);
    expect(parts.at(-1)!.some((line) => line.startsWith("step 1 "))).toBe(false);

    const [expected, resumed] = await Promise.all([lastCheckpoint(straight), lastCheckpoint(killed)]);
    expect([...resumed.keys()]).toEqual([...expected.keys()]);
    expect([...expected.keys()]).toEqual(
      expect.arrayContaining(["model/trained.safetensors", "optimizer.safetensors"]),
    );
    for (const [name, bytes] of expected) expect(bytes.equals(resumed.get(name)!), `${name} is the same`).toBe(true);
  });
});
