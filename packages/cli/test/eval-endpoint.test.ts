import "@tensorflow/tfjs-backend-cpu";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpoint } from "@mlan/model-endpoint";
import { fakeModelSource } from "@mlan/testing";
import { serve } from "@mlan/serve";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { fixture, openSession } from "./command-line.ts";

const KEY = "s3cret-key";
const typed = openSession(() => ({ MLAN_ENDPOINT_API_KEY: KEY }));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlan-eval-endpoint-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * Serves a model that requires an API key. Returns the server's address, and the largest number of questions answered
 * at a time.
 */
async function served(): Promise<{ readonly url: string; asked(): number }> {
  await tf.setBackend("cpu");
  let asked = 0;
  const model = await fakeModelSource({ answer: () => (asked++, "B") }).open();
  const server = await serve(model, { name: "remote", port: 0, apiKey: KEY });
  onTestFinished(async () => {
    await server.close();
    model.dispose();
  });
  return { url: String(server.url), asked: () => asked };
}

const benchmark = ["--benchmark", `${fixture("lettered.ts")}`, "--model", "remote"];

test("mlan eval asks a model behind a server, once, and writes the key nowhere", async () => {
  const { url, asked } = await served();
  const words = ["eval", "--endpoint", url, "--concurrency", "3", ...benchmark, "--folder", join(folder, "run")];
  const first = await typed(words);
  expect(first).toMatchObject({ status: 0 });
  expect(first.stdout).toMatch(/^lettered +accuracy +50\.0 +75\.0 .* 4$/m);
  expect(asked()).toBe(4);
  const again = await typed(words);
  expect(again.stdout).toMatch(/^lettered +accuracy +50\.0 +75\.0 .* 4$/m);
  expect(asked()).toBe(4);
  const manifest = await readFile(join(folder, "run", "manifest.json"), "utf8");
  // As of an experiment file with this plugin, which continues the run.
  const { name, settings } = endpoint({ baseURL: url, model: "remote" });
  expect(JSON.parse(manifest).plan.plugins).toContainEqual({ name, settings });
  expect(JSON.parse(manifest).places["@mlan/model-endpoint"]).toEqual({ server: url.replace(/\/$/, "") });
  expect(manifest + first.stdout + first.stderr).not.toContain(KEY);
});

// oxfmt-ignore
test.each([
  ["weights",      ["--endpoint", "http://127.0.0.1:1/v1", "--weights", "x"], "option '--endpoint <url>' cannot be used with option '--weights <checkpoint>'"],
  ["a backend",    ["--endpoint", "http://127.0.0.1:1/v1", "--backend", "onnx"], "option '--endpoint <url>' cannot be used with option '--backend <name>'"],
  ["no endpoint",  ["--concurrency", "3"], "required option '--endpoint <url>' not specified"],
  ["no server",    ["--endpoint", "http://127.0.0.1:1/v1"], "http://127.0.0.1:1/v1 cannot be reached"],
  ["no address",   ["--endpoint", "127.0.0.1:1"], "expected a web address such as http://127.0.0.1:8000/v1"],
])("mlan eval refuses %s", async (name, words, message) => {
  const { status, stderr } = await typed(["eval", ...words, ...benchmark, "--folder", join(folder, name)]);
  expect(status).toBe(1);
  expect(stderr).toContain(message);
});
