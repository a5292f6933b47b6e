import { cp, rm, writeFile } from "node:fs/promises";
import { disposeNetwork, type LlavaNetwork, openWeights } from "@mlan/model-llava";
import { MlanError } from "@mlan/core";
import { writeSafetensors } from "@mlan/safetensors";
import { expect, it } from "vitest";
import { fixtureNetwork } from "./network-fixture.ts";
import { compute, scratchLlava } from "./tiny-llava.ts";

const FIXTURE = new URL("fixtures/network/", import.meta.url);
const scratch = await scratchLlava();

async function valuesOf({ weights }: LlavaNetwork): Promise<ReadonlyMap<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const weight of weights) values.set(weight.name, await weight.read());
  return values;
}

it("sharded Llama weights, the tower of a whole CLIP and a projector give the same network from PyTorch's files as from safetensors", async () => {
  await compute.open();
  const [network, other] = [await fixtureNetwork("pytorch"), await fixtureNetwork("safetensors")];
  expect(await valuesOf(network)).toEqual(await valuesOf(other));
  expect(network.weights.length).toBeGreaterThan(60);
  disposeNetwork(network);
  disposeNetwork(other);
});

async function names(folder: URL): Promise<readonly string[]> {
  const reader = await openWeights(folder);
  await reader.close();
  return [...reader.entries.keys()];
}

it("in a folder with both, the files that transformers would read are opened", async () => {
  const folder = scratch.fresh();
  await cp(new URL("pytorch/clip/", FIXTURE), folder, { recursive: true });
  const write = (name: string): Promise<string> =>
    writeSafetensors(new URL(name, folder), [{ name: "w", dtype: "F32", shape: [1], data: () => Float32Array.of(1) }]);
  await write("other.safetensors");
  expect(await names(folder)).toContain("logit_scale");
  await rm(new URL("other.safetensors", folder));
  await write("model.safetensors");
  expect(await names(folder)).toEqual(["w"]);
  await rm(new URL("model.safetensors", folder));
  await writeFile(
    new URL("model.safetensors.index.json", folder),
    JSON.stringify({ weight_map: { w: "gone.safetensors" } }),
  );
  await expect(names(folder)).rejects.toThrow("gone.safetensors");
});

it("truncated files, and files that hold more than tensors, are an invalid checkpoint", async () => {
  const folder = scratch.fresh();
  await cp(new URL("pytorch/llama/", FIXTURE), folder, { recursive: true });
  await rm(new URL("pytorch_model-00002-of-00002.bin", folder));
  const missing: unknown = await names(folder).catch((error: unknown) => error);
  expect(MlanError.is(missing, "invalid-checkpoint")).toBe(true);
  expect(String(missing)).toContain("1 of the 2 files that");
});
