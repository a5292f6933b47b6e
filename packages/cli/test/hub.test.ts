import { hubServer, hubUploadServer, writeTinyLlava } from "@mlan/testing";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openSession } from "./command-line.ts";

let env: Record<string, string> = {};
const typed = openSession(() => env);

test("eval takes weights and tower from the Hub, at the revision given", async () => {
  const folder = await scratch();
  const server = await hubServer({ type: "model", name: "acme/tiny", commit: "0".repeat(40), files: {} });
  env = { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: join(folder, "hub"), HF_HUB_OFFLINE: "0" };
  const evaluate = async (...words: readonly string[]): Promise<string> => {
    const command = ["eval", "--model", "vicuna", "--benchmark", "boolq", "--folder", join(folder, "run"), ...words];
    const { status, stderr } = await typed(command);
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

test("push uploads a checkpoint, says what it did, and sends nothing twice", async () => {
  const folder = await scratch();
  await writeTinyLlava(pathToFileURL(`${folder}/`));
  const server = await hubUploadServer({ token: "hf_writer" });
  env = { HF_ENDPOINT: server.endpoint, HF_TOKEN: "hf_writer", HF_HUB_OFFLINE: "0" };
  const push = (...words: readonly string[]) => typed(["push", ...words]);
  const model = join(folder, "backbone");
  // What was made of the weights stays here.
  await mkdir(join(model, "quantized"));
  await writeFile(join(model, "quantized", "int8-0.safetensors"), "");
  // As version 1.0 named the folder.
  await mkdir(join(model, "quantised"));
  await writeFile(join(model, "quantised", "int8-0.safetensors"), "");

  const first = await push(model, "acme/tiny", "--title", "A tiny Llama");
  expect(first).toMatchObject({ status: 0, stderr: expect.stringContaining("uploading model.safetensors: ") });
  expect(first.stdout).toMatch(
    /^Created the private repository acme\/tiny\. Uploaded \d files to acme\/tiny, commit [0-9a-f]{40}\.\n$/,
  );
  const { visibility, titles, files } = server.repositories.get("acme/tiny") ?? {};
  expect({ visibility, titles }).toEqual({ visibility: "private", titles: ["initial commit", "A tiny Llama"] });
  expect([...(files?.keys() ?? [])]).toEqual(expect.arrayContaining(["config.json", "model.safetensors"]));
  expect([...(files?.keys() ?? [])].filter((path) => /^quanti[sz]ed\//.test(path))).toEqual([]);

  expect((await push(model, "acme/tiny")).stdout).toMatch(/^acme\/tiny is up to date, at commit [0-9a-f]{40}\.\n$/);
  await rename(join(model, "model.safetensors"), join(model, "model-00001-of-00001.safetensors"));
  expect((await push(model, "acme/tiny")).stdout).toMatch(
    /Removed files that are not in the folder: model\.safetensors\.\n$/,
  );
  // A file that is none of a model's stays.
  expect(files?.has(".gitattributes")).toBe(true);
});

test("push says what is missing", async () => {
  const folder = await scratch();
  await writeTinyLlava(pathToFileURL(`${folder}/`));
  env = { HF_ENDPOINT: "http://127.0.0.1:9", HF_TOKEN: "", HF_HOME: folder, HF_HUB_OFFLINE: "0" };
  const push = async (path: string): Promise<string> => {
    const { status, stderr } = await typed(["push", path, "acme/tiny"]);
    expect(status).toBe(1);
    return stderr;
  };
  expect(await push(folder)).toMatch(/is not the folder of a model: it has no config\.json\./);
  await cp(join(folder, "backbone"), join(folder, "trained"), { recursive: true });
  await writeFile(join(folder, "trained", "base.json"), "{}");
  expect(await push(join(folder, "trained"))).toMatch(
    /contains only the weights that were trained .*Export the complete model with mlan export .* --to complete, and push that folder/,
  );
  expect(await push(join(folder, "backbone"))).toMatch(
    /uploading needs a token; set HF_TOKEN to a token of type "write"/,
  );
  expect(await push("hub:acme/tiny")).toMatch(/hub:acme\/tiny is on the Hub; give a folder on this machine/);
});

/** Creates a folder that is removed when the test ends. */
async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mlan-cli-hub-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
