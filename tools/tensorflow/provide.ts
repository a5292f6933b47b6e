/**
 * Gives this machine a TensorFlow for the tests where one can be had: pip downloads the wheel, `mlan backend install
 * tensorflow` builds the binding. Says in one line what keeps it from that, and is then no failure; a build that fails is.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installedBinding } from "@mlan/backend-tensorflow";

const REQUIREMENT = "tensorflow-cpu==2.21.0";
/** Only the wheel's library is used, so another Python's wheel does where there is none for the one that is here. */
const PYTHONS: readonly (readonly string[])[] = [[], ["--python-version", "3.12"]];
/** Of 260 MB. */
const DOWNLOAD_MINUTES = 10;

const installed = installedBinding();
if (installed === undefined) process.exitCode = provide();
else console.log(`TensorFlow ${installed.tensorFlowVersion} is installed: ${installed.file}`);

function provide(): number {
  const folder = mkdtempSync(join(tmpdir(), "mlan-tensorflow-"));
  try {
    const missing = download(folder);
    const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
    if (wheel === undefined) {
      console.log(`TensorFlow is not to be had here, so the tests that need it are skipped: ${missing}`);
      return 0;
    }
    const mlan = [fileURLToPath(new URL("../setup/run.mjs", import.meta.url)), "mlan"];
    const parameters = [...mlan, "backend", "install", "tensorflow", "--wheel", join(folder, wheel)];
    return spawnSync(process.execPath, parameters, { stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts the wheel into a folder, or says why it could not. */
function download(folder: string): string {
  let reason = "";
  for (const python of PYTHONS) {
    const wheel = [...python, "--only-binary=:all:", "--no-deps", REQUIREMENT];
    const patience = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"];
    const { error, signal, status, stderr } = spawnSync(
      "python3",
      ["-m", "pip", "download", ...patience, "--dest", folder, ...wheel],
      { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"], timeout: DOWNLOAD_MINUTES * 60_000 },
    );
    if (signal !== null) return `pip had not downloaded ${REQUIREMENT} after ${DOWNLOAD_MINUTES} minutes`;
    if (status === 0) return "";
    reason = error?.message ?? stderr.trim().split("\n").at(-1) ?? "";
  }
  return reason;
}
