import { readFile, writeFile } from "node:fs/promises";
import { float16Table, openSafetensors, SafetensorsError, writeSafetensors, writeShards } from "@mlan/safetensors";
import { describe, expect, it } from "vitest";
import { file, tensor } from "./scratch-files.ts";

describe("half precision", () => {
  it("writes each of its finite values unchanged", async () => {
    const table = float16Table("F16").filter(Number.isFinite);
    await writeSafetensors(file(), [tensor("w", [...table], "F16")]);
    const reader = await openSafetensors(file());
    expect(await reader.read("w")).toEqual(table);
    await reader.close();
  });

  it("rounds to the nearest, ties to even", async () => {
    const [tiny, ulp] = [2 ** -24, 2 ** -10];
    const pairs = [
      [1 + ulp / 2, 1],
      [1 + (3 * ulp) / 2, 1 + 2 * ulp],
      [1 + ulp / 2 + 2 ** -20, 1 + ulp],
      [-(2 - ulp / 2), -2],
      [tiny / 2, 0],
      [tiny * 1.5, tiny * 2],
      [tiny * 0.50001, tiny],
      [2 ** -14 - tiny / 2, 2 ** -14],
      [-1e-30, -0],
      [65519, 65504],
    ];
    await writeSafetensors(file(), [
      tensor(
        "w",
        pairs.map(([value = 0]) => value),
        "F16",
      ),
    ]);
    const reader = await openSafetensors(file());
    expect(await reader.read("w")).toEqual(Float32Array.from(pairs, ([, stored = 0]) => stored));
    await reader.close();
  });

  it("refuses a finite value that would become infinite, naming tensor and value", async () => {
    const half = writeSafetensors(file(), [tensor("a", [1], "F16"), tensor("big", [1, -65520], "F16")]);
    await expect(half).rejects.toThrow(/tensor "big" holds -65520 at index 1, beyond the largest float16, 65504/);
    const brain = writeSafetensors(file(), [tensor("big", [3.4e38], "BF16")]);
    await expect(brain).rejects.toThrow(/beyond the largest bfloat16/);
  });
});

describe("shards", () => {
  it("are filled in order up to their size, with an index that reads back", async () => {
    const tensors = [1, 2, 3, 4].map((values) => tensor(`t${values}`, Array(values).fill(values)));
    const { files, index } = await writeShards(file(""), tensors, { name: "model", shardSize: 16 });
    expect([...files.keys()]).toEqual([1, 2, 3].map((number) => `model-0000${number}-of-00003.safetensors`));
    expect(JSON.parse(index?.text ?? "")).toEqual({
      metadata: { total_size: 40 },
      weight_map: {
        t1: "model-00001-of-00003.safetensors",
        t2: "model-00001-of-00003.safetensors",
        t3: "model-00002-of-00003.safetensors",
        t4: "model-00003-of-00003.safetensors",
      },
    });
    await writeFile(file(index?.name), index?.text ?? "");
    const reader = await openSafetensors(file(""));
    for (const values of [1, 2, 3, 4])
      expect(await reader.read(`t${values}`)).toEqual(new Float32Array(values).fill(values));
    await reader.close();
  });

  it("are one file without an index where everything fits", async () => {
    const { files, index } = await writeShards(file(""), [tensor("a", [1, 2])], { name: "part", shardSize: 8 });
    expect(index).toBeUndefined();
    expect([...files.keys()]).toEqual(["part.safetensors"]);
    expect((await readFile(file("part.safetensors"))).length).toBeGreaterThan(8);
  });

  it("that are smaller than a tensor are refused with the size that would do", async () => {
    const tensors = [tensor("a", [1]), tensor("b", [1, 2, 3]), tensor("c", [1, 2, 3, 4])];
    const error: unknown = await writeShards(file(""), tensors, { name: "m", shardSize: 8 }).catch((thrown) => thrown);
    expect(SafetensorsError.is(error, "unsupported")).toBe(true);
    expect(String(error)).toMatch(/a shard of 8 bytes is too small for tensor "b", which has 12. Give at least 16/);
  });
});
