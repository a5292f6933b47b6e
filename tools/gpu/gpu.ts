// The check of a GPU, docs/gpu.md:
//   npm run gpu -- pack                                       packs it for a bare machine, into .gpu/packed
//   npm run gpu -- check --output .gpu/report --minutes 8     runs it on this machine, as the bare one would
import { spawnSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { collect, pack } from "./pack.ts";

const folder = fileURLToPath(new URL("../../.gpu/", import.meta.url));
const content = join(folder, "content");
const [command, ...options] = process.argv.slice(2);
if (command === "pack") {
  await collect(content);
  for (const file of pack(content, join(folder, "packed")))
    console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB`);
} else if (command === "check") {
  await collect(content);
  // Tells the script that there is nothing to unpack.
  writeFileSync(join(content, "complete"), "");
  const script = fileURLToPath(new URL("unpack-and-check.sh", import.meta.url));
  const environment = { ...process.env, MLAN_GPU_FOLDER: content };
  process.exitCode = spawnSync(script, options, { stdio: "inherit", env: environment }).status ?? 1;
} else {
  throw new Error(`npm run gpu takes pack or check; found ${command === undefined ? "nothing" : `"${command}"`}`);
}
