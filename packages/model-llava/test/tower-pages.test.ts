import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createLlavaSource, llama } from "@mlan/model-llava";
import { openSafetensors, writeSafetensors } from "@mlan/safetensors";
import { WORDINGS } from "@mlan/testing";
import { expect, it } from "vitest";
import { answersOf } from "./answers-of.ts";
import { compute, plainImage, scratchLlava } from "./tiny-llava.ts";

const scratch = await scratchLlava();

it.runIf(process.platform === "linux")("a tower in 16 bits leaves the memory once images are computed", async () => {
  const visionTower = await scratch.copy(scratch.tower);
  const file = new URL("model.safetensors", visionTower);
  const reader = await openSafetensors(scratch.tower);
  const tensors = [...reader.entries.values()].map(({ name, shape }) => ({
    name,
    shape,
    dtype: "BF16" as const,
    data: () => reader.read(name),
  }));
  await writeSafetensors(file, tensors);
  await reader.close();
  const model = await createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute,
    weights: scratch.backbone,
    visionTower,
    untunedWording: WORDINGS["llama2-base"],
    weightFormat: "stored",
  }).open();
  const ask = async (): Promise<string | undefined> => {
    const prompt = { kind: "raw", text: "<image>\nthe cat", beginOfSequence: true } as const;
    const request = { id: "one", prompt, images: [plainImage("red", "#f00")], maximumNewTokens: 4 };
    return (await answersOf(model, [request])).get("one")?.text;
  };
  const answer = await ask();
  expect(await residentBytesOf(fileURLToPath(file))).toBe(0);
  expect(await ask()).toBe(answer);
  model.dispose();
});

/** Returns the bytes of a mapped file that are in the process's memory. */
async function residentBytesOf(path: string): Promise<number> {
  const maps = await readFile("/proc/self/smaps", "utf8");
  const mappings = maps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).filter((one) => one.split("\n", 1)[0]?.endsWith(path));
  if (mappings.length === 0) throw new Error(`${path} is not mapped`);
  return mappings.reduce((sum, mapping) => sum + 1024 * Number(/^Rss: +(\d+) kB/m.exec(mapping)?.[1]), 0);
}
