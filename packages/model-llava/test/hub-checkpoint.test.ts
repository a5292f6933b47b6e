import { hub, type HubModel } from "@mlan/hub";
import { createLlavaSource, llama } from "@mlan/model-llava";
import { type HubContents, type HubServer, hubServer, WORDINGS } from "@mlan/testing";
import { writeSafetensors } from "@mlan/safetensors";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { compute, scratchLlava } from "./tiny-llava.ts";

const scratch = await scratchLlava();
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const NAME = "acme/tiny-llama";
const backbone = await contentsOf(scratch.backbone);
const tower = await contentsOf(scratch.tower);
afterEach(() => {
  vi.unstubAllEnvs();
});
const OTHERS = { "README.md": "# Tiny", "tf_model.h5": "x", "flax_model.msgpack": "x", "onnx/model.onnx": "x" };

it("opens a backbone and a tower from the Hub like from folders, and requests nothing twice", async () => {
  const weights = await serve({ files: { ...backbone, ...OTHERS, "pytorch_model.bin": "the same in another format" } });
  const vision = await serve({ name: "acme/tiny-clip", files: { ...tower, ...OTHERS } });
  const source = sourceOf(weights.model, vision.model);
  const { content, readsImages } = await source.inspect();
  const local = await sourceOf(scratch.backbone, scratch.tower).inspect();
  expect(await content.digest()).toBe(await local.content.digest());
  expect(readsImages).toBe(true);
  expect(weights.fetched()).toEqual(Object.keys(backbone).toSorted());
  expect(vision.fetched()).toEqual(Object.keys(tower).toSorted());

  const asked = weights.server.requests.length;
  const model = await source.open();
  const saved = scratch.fresh();
  await model.save(saved);
  model.dispose();
  expect(weights.server.requests).toHaveLength(asked);
  // The tower's name in the saved checkpoint is its name on the Hub. Its folder is named after the commit.
  expect(JSON.parse(await readFile(new URL("config.json", saved), "utf8"))).toMatchObject({
    mm_vision_tower: "acme/tiny-clip",
  });
});

it("reports the download", async () => {
  const { model } = await serve({ files: backbone });
  const seen: string[] = [];
  await sourceOf(model).inspect({ onDownload: ({ source, file }) => seen.push(`${file} of ${source}`) });
  expect(seen).toContain(`model.safetensors of ${NAME} on the Hub`);
});

it("fetches PyTorch's shards if there is no safetensors file, and only those that the index names", async () => {
  const { "model.safetensors": _, ...rest } = backbone;
  const index = { weight_map: { a: "pytorch_model-00001-of-00002.bin", b: "pytorch_model-00002-of-00002.bin" } };
  const files = {
    ...rest,
    "pytorch_model.bin.index.json": JSON.stringify(index),
    "pytorch_model-00001-of-00002.bin": "one",
    "pytorch_model-00002-of-00002.bin": "two",
    "pytorch_model-00001-of-00003.bin": "a stale one",
  };
  const { model, fetched } = await serve({ files });
  // The reader then finds that they are not PyTorch files.
  await expect(sourceOf(model).inspect()).rejects.toThrow("pytorch_model-00001-of-00002.bin");
  const { "pytorch_model-00001-of-00003.bin": __, ...wanted } = files;
  expect(fetched()).toEqual(Object.keys(wanted).toSorted());
});

it("needs no network for files in the cache, and says what is missing", async () => {
  const { model } = await serve({ files: backbone });
  await sourceOf(model).inspect();
  const offline = { ...model, offline: true };
  await expect(sourceOf(offline).inspect()).resolves.toMatchObject({ readsImages: false });
  await rm(new URL("models--acme--tiny-llama/blobs/", String(model.cache)), { recursive: true });
  await expect(sourceOf(offline).inspect()).rejects.toThrow(
    /^hub: offline, and the cache .* lacks the file config\.json of acme\/tiny-llama\. .*HF_HUB_OFFLINE unset.*`weights`/,
  );
});

describe("an adapter that names its base by a repository", () => {
  async function adapter(config: object = {}): Promise<URL> {
    const folder = scratch.fresh();
    await mkdir(folder);
    const lora = { peft_type: "LORA", r: 2, lora_alpha: 4, base_model_name_or_path: NAME, revision: COMMIT, ...config };
    await writeFile(new URL("adapter_config.json", folder), JSON.stringify(lora));
    const target = "base_model.model.model.layers.0.self_attn.q_proj";
    await writeSafetensors(new URL("adapter_model.safetensors", folder), [
      { name: `${target}.lora_A.weight`, dtype: "F32", shape: [2, 16], data: () => new Float32Array(32) },
      { name: `${target}.lora_B.weight`, dtype: "F32", shape: [16, 2], data: () => new Float32Array(32) },
    ]);
    return folder;
  }

  it("is opened on that, which is fetched at the revision that it names", async () => {
    const { server, fetched } = await serve({ files: { ...backbone, ...OTHERS } });
    vi.stubEnv("HF_ENDPOINT", server.endpoint);
    vi.stubEnv("HF_HUB_CACHE", fileURLToPath(scratch.fresh()));
    const folder = await adapter();
    const { parameters } = await sourceOf(folder).inspect();
    expect(parameters).toEqual((await sourceOf(scratch.backbone).inspect()).parameters);
    expect(fetched()).toEqual(Object.keys(backbone).toSorted());
    expect(server.requests.some((request) => request.includes("/revision/"))).toBe(false);
    await expect(sourceOf(await adapter({ revision: "gone" })).inspect()).rejects.toThrow(
      /holds an adapter for "acme\/tiny-llama" .*, which could not be fetched: model acme\/tiny-llama, revision gone: .* Give the folder of that base/,
    );
  });

  it("of a Hub that is out of reach is refused by one sentence", async () => {
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    vi.stubEnv("HF_HUB_CACHE", fileURLToPath(scratch.fresh()));
    await expect(sourceOf(await adapter()).inspect()).rejects.toThrow(
      /^model-llava: .* holds an adapter for "acme\/tiny-llama" \(adapter_config\.json\), which could not be fetched: offline, and the cache .* lacks the list of files of acme\/tiny-llama\. .* Give the folder of that base as `weights`, and this one as `adapter`; or remove/,
    );
  });
});

it.each<[string, Partial<HubContents>, RegExp]>([
  [
    "a gated repository whose list of files is public",
    { token: "hf_secret", listed: true },
    /^hub: model acme\/tiny-llama, .*file config\.json: the Hub answered 401\. The model is gated: .*Accept its terms at http.*\/acme\/tiny-llama, then set HF_TOKEN/,
  ],
  [
    "a repository that does not exist",
    { name: "acme/other" },
    /model acme\/tiny-llama, .*The model does not exist, or it is private/,
  ],
  [
    "a repository without weights",
    { files: { ...OTHERS, "llama.gguf": "x" } },
    /acme\/tiny-llama on the Hub has no weights in Hugging Face layout at 0123.*it has .*llama\.gguf/,
  ],
])("%s: one message that says what to do", async (_, contents, message) => {
  const { model } = await serve({ files: backbone, ...contents });
  await expect(sourceOf({ ...model, repository: NAME }).open()).rejects.toThrow(message);
});

it("refuses a value that is neither a location nor a model on the Hub", () => {
  const odd: object = { type: "model", repository: NAME };
  expect(() => sourceOf(odd as HubModel)).toThrow("expected a path or a file: URL");
});

/** Returns the files of a folder by path. */
async function contentsOf(folder: URL): Promise<Record<string, Uint8Array>> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, folder))])),
  );
}

interface Served {
  readonly server: HubServer;
  readonly model: HubModel;
  /** Returns the sorted paths of the downloaded files. */
  fetched(): readonly string[];
}

async function serve(contents: Partial<HubContents>): Promise<Served> {
  const files = contents.files ?? {};
  const large = Object.keys(files).filter((name) => /\.(bin|safetensors)$/.test(name));
  const server = await hubServer({ type: "model", name: NAME, commit: COMMIT, files, large, ...contents });
  const options = { revision: COMMIT, endpoint: server.endpoint, cache: scratch.fresh(), attempts: 1 };
  return {
    server,
    model: hub(contents.name ?? NAME, options),
    fetched: () =>
      server.requests.flatMap((request) => /\/resolve\/[0-9a-f]+\/(.+)$/.exec(request)?.[1] ?? []).toSorted(),
  };
}

function sourceOf(weights: URL | HubModel, visionTower?: URL | HubModel) {
  return createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute,
    weights,
    untunedWording: WORDINGS["llama2-base"],
    visionTower,
  });
}
