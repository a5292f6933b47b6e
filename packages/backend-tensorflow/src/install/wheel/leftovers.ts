import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Removes folders of killed installs: those named `*.PID.UUID.tmp` or `*.PID.tmp` whose process no longer exists. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, id] = /\.(\d+)(?:\.[\da-f]{8}-[\da-f-]{27})?\.tmp$/.exec(name) ?? [];
    if (id !== undefined && !isAlive(Number(id))) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return Object(error).code === "EPERM";
  }
}
