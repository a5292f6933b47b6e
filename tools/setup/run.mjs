// `npm start` and `npm test` on a fresh clone: installs what is missing, then runs the command.
// Plain JavaScript without dependencies, because nothing is installed when it starts.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SHORT = ["alone", "comparing", "computing", "plain"].map((project) => `--project=${project}`);
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
// The arguments of Node for each command, once everything is installed.
const COMMANDS = {
  start: () => [...mlan(), "run", "examples/miniworld.ts"],
  // A process per core, up to eight: models this small gain little from threads. Each takes about 1 GB.
  study: () => [
    ...mlan(),
    "run",
    "examples/language-share-sweep.ts",
    "--parallel",
    String(Math.max(1, Math.min(8, availableParallelism(), Math.floor(machineMemory() / 1.2e9)))),
  ],
  mlan,
  // Without paths, all tests except the long ones, which .ci/run runs; see vitest.config.ts.
  test: () => ["node_modules/vitest/vitest.mjs", "run", ...(rest.length === 0 ? SHORT : [])],
  source,
};

const [command = "start", ...rest] = process.argv.slice(2);
if (!Object.hasOwn(COMMANDS, command)) {
  fail(`There is no command "${command}". Use one of: ${Object.keys(COMMANDS).join(", ")}.`);
}
checkNode();
await installIfNeeded();
let status = await run(process.execPath, [...COMMANDS[command](), ...rest], command === "mlan" ? whereTyped() : root);
// The results are also a page, whose address is printed last.
const results = { start: "runs/miniworld", study: "runs/language-share" }[command];
if (results !== undefined && status === 0 && rest.length === 0)
  status = await run(process.execPath, [...mlan(), "report", results]);
process.exit(status);

function source() {
  const loader = createRequire(join(root, "package.json")).resolve("tsx");
  return ["--import", pathToFileURL(loader).href, "--conditions=@mlan/source"];
}

function mlan() {
  return [...source(), join(root, "packages/cli/src/main.ts")];
}

// npm runs scripts in the root, but paths are relative to the folder where the user typed the command.
function whereTyped() {
  const { npm_lifecycle_event: script, INIT_CWD: typed } = process.env;
  return script === "mlan" && typed ? typed : process.cwd();
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`mlan needs Node 20.19 or newer; this is ${process.version}.`);
}

// The machine's memory in bytes, or the container's limit if it is smaller.
function machineMemory() {
  return Math.min(process.constrainedMemory() || Infinity, totalmem());
}

async function installIfNeeded() {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  // npm keeps a copy of the lock file, without the entry of the root, in node_modules. The versions in both must agree.
  const installed = join(root, "node_modules", ".package-lock.json");
  if (existsSync(installed) && sameVersions(JSON.parse(lock), JSON.parse(readFileSync(installed, "utf8")))) return;
  console.log("Installing dependencies (once) ...");
  // Not `npm ci`, which refuses a lock file without optional binaries of another platform.
  const parameters = ["install", "--no-save"];
  const npm = process.env.npm_execpath;
  const status = await (npm ? run(process.execPath, [npm, ...parameters]) : run("npm", parameters));
  if (status !== 0) fail("npm install failed; see its messages above. Nothing else was run.");
}

function sameVersions(wanted, found) {
  return Object.entries(wanted.packages).every(([path, { version, optional, link }]) => {
    if (path === "" || !path.startsWith("node_modules/") || optional) return true;
    // `npm run new` links a new package of the workspace itself.
    if (link) return existsSync(join(root, path, "package.json"));
    return found.packages[path] !== undefined && found.packages[path].version === version;
  });
}

// Returns the exit status of a program. Passes signals on to it. If a signal ends the program, this process ends with
// the same signal.
async function run(program, parameters, cwd = root) {
  const child = spawn(program, parameters, { cwd, stdio: "inherit" });
  const passOn = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, passOn);
  // Ctrl-C in a terminal already reaches the program, which would treat a second SIGINT as a request to exit at once.
  if ([0, 1, 2].some(isatty)) process.off("SIGINT", passOn).on("SIGINT", () => {});
  const { status, signal } = await new Promise((resolve) => {
    child.on("error", (error) => fail(`${program} could not be started: ${error.message}`));
    child.on("exit", (status, signal) => resolve({ status, signal }));
  });
  for (const one of SIGNALS) process.removeAllListeners(one);
  if (signal) process.kill(process.pid, signal);
  return status ?? 1;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
