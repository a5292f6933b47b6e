import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LineProcess } from "../line-process.ts";
import { startSource } from "../start-workers.ts";

/** Pinned, so that times of different days are comparable. */
const VERSION = "3.22.0";
const FOLDER = new URL("../../.cache/bench/node-llama-cpp/", import.meta.url);

/**
 * Starts node-llama-cpp on a GGUF file. It is installed on first use, outside of the workspace, since nothing but this
 * comparison needs it. If that is impossible, prints the reason and returns undefined.
 */
export function startLlamaCpp(name: string, file: URL): LineProcess | undefined {
  const module = new URL("node_modules/node-llama-cpp/dist/index.js", FOLDER);
  if (!existsSync(module) && !install(name)) return undefined;
  return startSource(name, "peers/llama-cpp.ts", [module.href, fileURLToPath(file)]);
}

function install(name: string): boolean {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL("package.json", FOLDER), JSON.stringify({ private: true, type: "module" }));
  // Its install script would look for a compiler; the prebuilt library comes as an optional dependency.
  const given = ["install", "--ignore-scripts", "--no-audit", "--no-fund", `node-llama-cpp@${VERSION}`];
  const { status, stderr } = spawnSync("npm", given, { cwd: fileURLToPath(FOLDER), encoding: "utf8" });
  if (status === 0) return true;
  const reason = stderr?.trim().split("\n").at(0) ?? "npm could not be started";
  console.log(`${name} is skipped: node-llama-cpp ${VERSION} could not be installed: ${reason}`);
  return false;
}
