import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The outcome of a finished run without times: a digest of each part that must be the same. */
export type Outcome = Readonly<Record<string, string>>;

/** Throws if a file of the run is missing or not JSON. */
export async function outcomeOf(run: string): Promise<Outcome> {
  const outcome: Record<string, string> = {};
  for (const file of await filesBelow(run)) {
    if (/\.(tmp|part|lock)\b/.test(file)) outcome[`litter: ${file}`] = "left behind";
    if (file.endsWith(".safetensors")) outcome[file] = digest(await readFile(join(run, file)));
    if (file.endsWith(".jsonl")) outcome[file] = digest(comparable(lines(await readFile(join(run, file), "utf8"))));
  }
  for (const file of ["ledger.json", "results.json"])
    outcome[file] = digest(comparable(JSON.parse(await readFile(join(run, file), "utf8"))));
  return outcome;
}

/** Returns the names of the parts that differ between two outcomes. */
export function differences(expected: Outcome, found: Outcome): readonly string[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...names].filter((name) => expected[name] !== found[name]);
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

function lines(text: string): readonly unknown[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

/** Fields with costs of a process, which a resumed run counts again. */
const SPENT = new Set(["seconds", "positions"]);

/** Sorts lines and results, because a resumed evaluation answers in a different order. */
function comparable(value: unknown): string {
  const without = (key: string, part: unknown): unknown => (SPENT.has(key) ? undefined : part);
  if (!Array.isArray(value)) return JSON.stringify(value, without);
  return value
    .map((line) => JSON.stringify(line, without))
    .toSorted()
    .join("\n");
}

function digest(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
