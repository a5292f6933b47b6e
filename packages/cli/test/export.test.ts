import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkpointDigest } from "@mlan/core";
import { openSafetensors } from "@mlan/safetensors";
import { writeTinyLlava } from "@mlan/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tinySource } from "../../serve/test/talking-llava.ts";
import { openSession } from "./command-line.ts";

const mlan = openSession();
const folder = await mkdtemp(join(tmpdir(), "mlan-export-"));
afterAll(() => rm(folder, { recursive: true }));

/** A run folder whose stage "align" has ended with a checkpoint of its projector. */
const run = join(folder, "run");
const step = join(run, "checkpoints/align/step-000001");

beforeAll(async () => {
  const { backbone, tower } = await writeTinyLlava(pathToFileURL(`${folder}/`));
  const model = await tinySource(backbone, tower).open({ seed: 3 });
  const checkpoint = pathToFileURL(`${step}/model/`);
  await model.save(checkpoint, { trainedOnly: true });
  model.dispose();
  const status = {
    done: true,
    started: "2026-01-01",
    checkpoint: "checkpoints/align/step-000001/model/",
    checkpointDigest: await checkpointDigest(checkpoint),
  };
  const plan = { name: "small", seed: 1, plugins: [], stages: [{ name: "align", kind: "train", settings: {} }] };
  const manifest = { formatVersion: 2, plan, versions: {}, created: "2026-01-01", stages: { align: status } };
  await writeFile(join(run, "manifest.json"), JSON.stringify(manifest));
  // A damaged line, on which no checkpoint depends.
  await writeFile(join(run, "metrics.jsonl"), "{}\n");
});

it.each(["run", "run/checkpoints/align/step-000001", "run/checkpoints/align/step-000001/model"])(
  "writes the whole model of %s in the layout of transformers",
  async (place) => {
    const to = join(folder, `out-${place.length}`);
    const words = ["export", join(folder, place), "--to", to, "--layout", "hf", "--dtype", "bfloat16"];
    const { status, stdout, stderr } = await mlan([...words, "--shard-size", "20KB"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^Wrote .*: layout hf, bfloat16, \d weight files, 0\.00 GB\n$/);
    expect(status).toBe(0);
    const config = JSON.parse(await readFile(join(to, "config.json"), "utf8")) as Record<string, unknown>;
    expect(config).toMatchObject({ architectures: ["LlavaForConditionalGeneration"], torch_dtype: "bfloat16" });
    const reader = await openSafetensors(pathToFileURL(`${to}/`));
    expect(reader.entries.get("language_model.model.norm.weight")?.dtype).toBe("BF16");
    expect(reader.entries.get("multi_modal_projector.linear_1.weight")?.shape).toEqual([16, 8]);
    await reader.close();
  },
);

it.each([
  [["run"], /required option '--to <folder>' not specified/],
  [["run", "--to", "x", "--layout", "gguf"], /'gguf' is invalid. Allowed choices are llava, hf/],
  [["run", "--to", "x", "--dtype", "int4"], /'int4' is invalid. Allowed choices are float32, bfloat16, float16/],
  [["run", "--to", "x", "--shard-size", "huge"], /must be a number of bytes, such as 2GB or 500MB/],
  [
    ["run", "--to", "x", "--shard-size", "1KB"],
    /shard of 1000 bytes is too small for tensor "model.embed_tokens.weight"/,
  ],
  [
    ["run", "--to", "run/checkpoints/align/step-000001/model"],
    /from which the model is read. Export into another folder/,
  ],
  [["run", "--to", "run/manifest.json"], /manifest\.json is a file, where a folder is needed/],
  [["nowhere", "--to", "x"], /nowhere\/config\.json cannot be read/],
])("says in a sentence what is wrong with %j", async (words, message) => {
  const { status, stderr } = await mlan(["export", ...words], folder);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain("    at ");
  expect(status).toBe(1);
});

it("names both folders when the base has moved", async () => {
  const moved = join(folder, "moved");
  await cp(run, moved, { recursive: true });
  const base = join(moved, "checkpoints/align/step-000001/model/base.json");
  const value = JSON.parse(await readFile(base, "utf8")) as Record<string, unknown>;
  await writeFile(base, JSON.stringify({ ...value, weights: join(folder, "gone") }));
  const { status, stderr } = await mlan(["export", moved, "--to", join(folder, "x")]);
  expect(stderr.replaceAll(/\s+/g, " ")).toContain(
    "holds only trained components, and the folder with the rest of the model, ",
  );
  expect(stderr).toContain("gone");
  expect(status).toBe(1);
});
