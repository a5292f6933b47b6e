/**
 * Installs TensorFlow for the tests, if possible: pip downloads the wheel, and `mlan backend install tensorflow` builds the
 * binding. If pip cannot download it, prints the reason in one line and succeeds; a failing build is an error.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installedBinding } from "@mlan/backend-tensorflow";

const REQUIREMENT = "tensorflow-cpu==2.21.0";
/** Only the library in the wheel is used, so a wheel for a different Python works too. */
const PYTHONS: readonly (readonly string[])[] = [[], ["--python-version", "3.12"]];
/** Time limit for downloading 260 MB. */
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
      console.log(`TensorFlow cannot be downloaded here, so the tests that need it are skipped: ${missing}`);
      return 0;
    }
    const mlan = [fileURLToPath(new URL("../setup/run.mjs", import.meta.url)), "mlan"];
    const parameters = [...mlan, "backend", "install", "tensorflow", "--wheel", join(folder, wheel)];
    return spawnSync(process.execPath, parameters, { stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads the wheel into a folder. Returns the reason if that fails, otherwise "". */
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
