import { hubServer } from "@mlan/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { start } from "./command-line.ts";

test("eval takes weights and tower from the Hub, at the revision given", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mlan-cli-hub-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const server = await hubServer({ type: "model", name: "acme/tiny", commit: "0".repeat(40), files: {} });
  const env = { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: join(folder, "hub"), HF_HUB_OFFLINE: "0" };
  const evaluate = async (...words: readonly string[]): Promise<string> => {
    const command = ["eval", "--model", "vicuna", "--benchmark", "boolq", "--folder", join(folder, "run"), ...words];
    const { status, stderr } = await start(command, env).finished;
    expect(status).toBe(1);
    return stderr;
  };
  expect(await evaluate("--weights", "hub:acme/none@v1")).toContain(
    "model acme/none, revision v1: the Hub answered 404. The model does not exist",
  );
  expect(await evaluate("--weights", "hub:acme/tiny@v1")).toContain("The model has no such revision");
  // Without weights, the commit that the plugin pins.
  expect(await evaluate("--tower", "hub:acme/tiny")).toMatch(/model lmsys\/vicuna-7b-v1\.5, revision [0-9a-f]{40}: /);
  expect(await evaluate("--weights", "hub:../x")).toContain('hub: "../x" is not the name of a model on the Hub');
});
