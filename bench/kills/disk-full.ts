/**
 * Runs that run out of disk space, each on a separate disk in memory. Needs a mount namespace, so `kills.ts` starts it with
 * `unshare`:
 *   disk-full.ts WORLD MILLISECONDS POINTS
 * First the disk is full when the run starts; then it is filled at times spread over a run of that many milliseconds. The run
 * ends with an error, space is freed, and the same run resumes. Prints the outcomes as JSON lines.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { startSmallRun } from "./child.ts";
import { outcomeOf } from "./outcome.ts";

/** Index of the case in which the disk is full at the start. */
const FULL_AT_START = -1;
const [world = "", milliseconds = "0", points = "0"] = process.argv.slice(2);
for (let point = FULL_AT_START; point < Number(points); point++) {
  const disk = mkdtempSync(join(tmpdir(), "mlan-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=256m", "tmpfs", disk]);
  try {
    const run = join(disk, "run");
    if (point === FULL_AT_START) fill(disk);
    const first = startSmallRun(world, run);
    if (point !== FULL_AT_START) {
      await first.begun;
      await setTimeout(((point + 0.5) / Number(points)) * Number(milliseconds));
      fill(disk);
    }
    const { lastLine, exitCode } = await first.ended;
    rmSync(join(disk, "filler"));
    const second = await startSmallRun(world, run).ended;
    const outcome = second.lastLine === "done" ? await outcomeOf(run) : {};
    console.log(JSON.stringify({ lastLine, exitCode, after: second.lastLine, outcome }));
  } finally {
    execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true, force: true });
  }
}

/** Fills a disk to the last byte. */
function fill(disk: string): void {
  const filler = join(disk, "filler");
  const { bavail, bsize } = statfsSync(disk);
  try {
    writeFileSync(filler, Buffer.alloc(bavail * bsize, 1));
    // Also fills space that the run frees in the meantime.
    for (;;) writeFileSync(filler, Buffer.alloc(bsize, 1), { flag: "a" });
  } catch (error) {
    if (Object(error).code !== "ENOSPC") throw error;
  }
}
