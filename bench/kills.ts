/**
 * Runs that are killed, that run out of disk space (one at its start, the others in the middle), or that two processes
 * start at once. Each is started again with the same call, and must reach the weights, moments, metrics, answers and results
 * of an undisturbed run.
 *   npm run bench:kills -- --kills 20 --disk-full 8
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runAndKill, startSmallRun } from "./kills/child.ts";
import { differences, type Outcome, outcomeOf } from "./kills/outcome.ts";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "20" }, "disk-full": { type: "string", default: "8" } },
});
const scratch = mkdtempSync(join(tmpdir(), "mlan-kills-"));
const world = join(scratch, "world");
let failures = 0;
let leftOut = 0;

try {
  const { lastLine, milliseconds } = await startSmallRun(world, join(scratch, "undisturbed")).ended;
  if (lastLine !== "done") throw new Error(`The undisturbed run failed: ${lastLine}`);
  const expected = await outcomeOf(join(scratch, "undisturbed"));
  console.log(
    `undisturbed: ${(milliseconds / 1000).toFixed(1)} s, ${Object.keys(expected).length} files and tables to compare`,
  );
  await kills(Number(values.kills), milliseconds, expected);
  await twoProcesses(expected);
  diskFull(Number(values["disk-full"]), milliseconds, expected);
  const notTried = leftOut === 0 ? "" : ` ${leftOut} full disks were not tried.`;
  console.log(
    (failures === 0 ? "Every run was bit-identical." : `${failures} runs were not bit-identical.`) + notTried,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

async function kills(count: number, milliseconds: number, expected: Outcome): Promise<void> {
  for (let kill = 0; kill < count; kill++) {
    const run = join(scratch, "killed");
    const at = ((kill + 0.5) / count) * milliseconds;
    const { exitCode } = await runAndKill(world, run, at);
    const { lastLine } = await startSmallRun(world, run).ended;
    const how = exitCode === 0 ? "already done" : "killed";
    report(
      `kill ${kill + 1} of ${count}, ${(at / 1000).toFixed(2)} s: ${how}`,
      lastLine,
      expected,
      await outcomeOf(run),
    );
    rmSync(run, { recursive: true, force: true });
  }
}

/** Starts both processes at once. One must be refused before it changes anything, or find everything done. */
async function twoProcesses(expected: Outcome): Promise<void> {
  const run = join(scratch, "twice");
  const endings = await Promise.all([startSmallRun(world, run).ended, startSmallRun(world, run).ended]);
  const refused = endings.filter(({ exitCode }) => exitCode !== 0);
  const done = endings.some(({ lastLine }) => lastLine === "done")
    ? "done"
    : endings.map(({ lastLine }) => lastLine).join("; ");
  const label = `two processes: ${refused.length} refused${refused.map(({ lastLine }) => ` (${lastLine})`).join("")}`;
  report(label, refused.length === 1 ? done : "not exactly one was refused", expected, await outcomeOf(run));
}

function diskFull(count: number, milliseconds: number, expected: Outcome): void {
  if (count === 0) return;
  const program = fileURLToPath(new URL("kills/disk-full.ts", import.meta.url));
  const node = [process.execPath, "--import", "tsx", "--conditions=@mlan/source", program];
  const isolated = ["--user", "--map-root-user", "--mount"];
  if (spawnSync("unshare", [...isolated, "true"]).status !== 0) {
    console.log("full disks are skipped: unshare cannot create a separate disk here");
    leftOut = count + 1; // plus the one at the start of a run
    return;
  }
  const { stdout, stderr, status } = spawnSync(
    "unshare",
    [...isolated, ...node, world, String(milliseconds), String(count)],
    { encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  const lines = stdout.trim();
  for (const [index, line] of lines.split("\n").filter(Boolean).entries()) {
    const { lastLine, exitCode, after, outcome } = JSON.parse(line);
    const atStart = index === 0;
    const first = exitCode === 0 && !atStart ? "already done" : lastLine;
    const label = atStart ? "full disk when the run starts" : `full disk ${index} of ${count}`;
    const ending = atStart && !lastLine.startsWith("refused") ? "it was not refused" : after;
    report(`${label}: ${first}`, ending, expected, outcome);
  }
  if (status !== 0) failed(`full disks: ${stderr}`);
}

function report(label: string, lastLine: string, expected: Outcome, found: Outcome): void {
  const different = differences(expected, found);
  if (lastLine !== "done") failed(`${label}; then ${lastLine}`);
  else if (different.length > 0) failed(`${label}; then different: ${different.join(", ")}`);
  else console.log(`${label}; then bit-identical`);
}

function failed(message: string): void {
  failures++;
  console.log(`FAILED ${message}`);
}
