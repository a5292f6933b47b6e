/**
 * Runs that meet a full disk, each on a disk of its own in memory; needs a mount namespace, so `kills.ts` starts it by
 * `unshare`:
 *   disk-full.ts WORLD MILLISECONDS POINTS
 * The disk is full when the run starts, then filled at moments spread over a run of that many milliseconds. The run ends
 * with an error, room is made, and the same run goes on. Prints the outcomes as JSON lines.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { startSmallRun } from "./child.ts";
import { outcomeOf } from "./outcome.ts";

/** The point before all others. */
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
    const { said, exitCode } = await first.ended;
    rmSync(join(disk, "filler"));
    const second = await startSmallRun(world, run).ended;
    const outcome = second.said === "done" ? await outcomeOf(run) : {};
    console.log(JSON.stringify({ said, exitCode, after: second.said, outcome }));
  } finally {
    execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true, force: true });
  }
}

/** Leaves no byte of a disk. */
function fill(disk: string): void {
  const filler = join(disk, "filler");
  const { bavail, bsize } = statfsSync(disk);
  try {
    writeFileSync(filler, Buffer.alloc(bavail * bsize, 1));
    // What the run frees meanwhile is taken as well.
    for (;;) writeFileSync(filler, Buffer.alloc(bsize, 1), { flag: "a" });
  } catch (error) {
    if (Object(error).code !== "ENOSPC") throw error;
  }
}
