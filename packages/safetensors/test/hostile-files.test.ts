import { readFile, rm, writeFile } from "node:fs/promises";
import { openSafetensors, SafetensorsError, writeSafetensors } from "@mlan/safetensors";
import { expectSurvival, jsonMutations, mutations, temporaryFolder } from "@mlan/testing";
import { expect, test } from "vitest";

const folder = temporaryFolder();
const file = new URL("model.safetensors", folder);
const index = new URL("model.safetensors.index.json", folder);
const isTyped = (error: unknown): boolean => SafetensorsError.is(error);

await writeSafetensors(
  file,
  ["a", "b.weight", "c"].map((name, place) => ({
    name,
    dtype: place === 1 ? ("BF16" as const) : ("F32" as const),
    shape: [2, place + 1],
    data: () => new Float32Array(2 * (place + 1)).fill(place),
  })),
);
const original = await readFile(file);

async function readAll(): Promise<void> {
  const reader = await openSafetensors(folder);
  try {
    for (const { name, shape } of reader.entries.values()) {
      const { length } = await reader.read(name);
      expect(length).toBe(shape.reduce((product, size) => product * size, 1));
    }
  } finally {
    await reader.close();
  }
}

test("300 damaged files", async () => {
  const outcome = await expectSurvival(mutations(original, 300, 11), {
    attempt: async (bytes) => {
      await writeFile(file, bytes);
      await readAll();
    },
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(150);
});

test("hostile values in every field of a header", async () => {
  const length = Number(original.readBigUInt64LE());
  const header: unknown = JSON.parse(original.subarray(8, 8 + length).toString());
  const data = original.subarray(8 + length);
  const outcome = await expectSurvival(jsonMutations(header), {
    attempt: async (value) => {
      const text = Buffer.from(JSON.stringify(value) ?? "");
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(text.length));
      await writeFile(file, Buffer.concat([size, text, data]));
      await readAll();
    },
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(300);
});

test("hostile values in every field of an index", async () => {
  await rm(file);
  await writeFile(new URL("shard.safetensors", folder), original);
  const value = { metadata: {}, weight_map: { a: "shard.safetensors", c: "shard.safetensors" } };
  const outcome = await expectSurvival(jsonMutations(value), {
    attempt: async (changed) => {
      await writeFile(index, JSON.stringify(changed));
      await readAll();
    },
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(50);
});
