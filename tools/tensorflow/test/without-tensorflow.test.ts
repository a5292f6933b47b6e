import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

it("tests that open TensorFlow while they are collected are skipped if it is not installed", () => {
  const home = mkdtempSync(join(tmpdir(), "mlan-no-tensorflow-"));
  try {
    const env = { PATH: process.env["PATH"], HOME: home, XDG_CACHE_HOME: home, NO_COLOR: "1" };
    const parameters = ["node_modules/vitest/vitest.mjs", "run", "packages/trainer-gpu/test/gpu-trainer.test.ts"];
    const { status, stdout } = spawnSync(process.execPath, parameters, { cwd: root, env, encoding: "utf8" });
    expect(stdout).toMatch(/Skipped, since TensorFlow is not installed here: the trainer contract on TensorFlow/);
    expect(stdout).toMatch(/Tests +\d+ passed \| \d+ skipped/);
    expect(status).toBe(0);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
