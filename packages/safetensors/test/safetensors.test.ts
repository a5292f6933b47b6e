import { readdir, writeFile } from "node:fs/promises";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { file, tensor, writeRaw } from "./scratch-files.ts";

describe("a written file", () => {
  it("reads back the same numbers, shapes and dtypes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1 }), values: fc.array(fc.float()) }), {
          selector: ({ name }) => name,
          maxLength: 5,
        }),
        async (tensors) => {
          const named = tensors.filter(({ name }) => name !== "__metadata__");
          await writeSafetensors(
            file(),
            named.map(({ name, values }) => tensor(name, values)),
          );
          const reader = await openSafetensors(file());
          expect([...reader.entries.keys()].toSorted()).toEqual(named.map(({ name }) => name).toSorted());
          for (const { name, values } of named) expect(await reader.read(name)).toEqual(Float32Array.from(values));
          await reader.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  it("keeps a tensor with the name of an object property", async () => {
    const names = ["__proto__", "constructor", "toString"];
    await writeSafetensors(
      file(),
      names.map((name, index) => tensor(name, [index])),
    );
    const reader = await openSafetensors(file());
    for (const [index, name] of names.entries()) expect(await reader.read(name)).toEqual(Float32Array.of(index));
    await reader.close();
  });

  it("rounds to bfloat16 to the nearest, ties to even, and keeps NaN and infinity", async () => {
    //             exact  tie to even  tie to even  above tie   largest   special
    const values = [1.5, 1.00390625, 1.01171875, 1.00390637, 3.389e38, NaN, -Infinity];
    const stored = [1.5, 1.0, 1.015625, 1.0078125, 3.3895313892515355e38, NaN, -Infinity];
    await writeSafetensors(file(), [tensor("w", values, "BF16")]);
    const reader = await openSafetensors(file());
    expect(reader.entries.get("w")).toMatchObject({ dtype: "BF16", shape: [7] });
    expect(await reader.read("w")).toEqual(Float32Array.from(stored));
    await reader.close();
  });

  it("holds integers", async () => {
    await writeSafetensors(file(), [tensor("steps", [1, -2, 2 ** 31 - 1], "I32")]);
    const reader = await openSafetensors(file());
    expect(await reader.readInt32("steps")).toEqual(Int32Array.of(1, -2, 2 ** 31 - 1));
    await reader.close();
  });

  it("stays unchanged, without leftovers, when overwriting it fails", async () => {
    await writeSafetensors(file(), [tensor("w", [1])]);
    const failing: TensorToWrite = { ...tensor("v", [1]), data: () => Promise.reject(new Error("no space left")) };
    await expect(writeSafetensors(file(), [tensor("w", [2]), failing])).rejects.toThrow("no space left");
    expect(await readdir(file(""))).toEqual(["model.safetensors"]);
    const reader = await openSafetensors(file());
    expect(await reader.read("w")).toEqual(Float32Array.of(1));
    await reader.close();
  });

  it("refuses two tensors with the same name, and data of the wrong size", async () => {
    await expect(writeSafetensors(file(), [tensor("w", [1]), tensor("w", [2])])).rejects.toThrow('named "w"');
    await expect(writeSafetensors(file(), [{ ...tensor("w", [1, 2]), shape: [3] }])).rejects.toThrow(
      '"w" (F32 [3]) has 2 values',
    );
  });

  it.each([undefined, { format: "pt" }])(
    "refuses a tensor with the name of the metadata, which are %o",
    async (metadata) => {
      const writing = writeSafetensors(file(), [tensor("w", [1]), tensor("__metadata__", [1])], metadata);
      await expect(writing).rejects.toThrow('a tensor cannot be named "__metadata__"');
      expect(await readdir(file(""))).toEqual([]);
    },
  );
});

describe("foreign files", () => {
  it("are read in float16", async () => {
    // 1, -2, smallest subnormal, largest, infinity
    const bytes = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00).buffer);
    await writeRaw({ w: { dtype: "F16", shape: [5], data_offsets: [0, 10] } }, bytes);
    const reader = await openSafetensors(file());
    expect(await reader.read("w")).toEqual(Float32Array.of(1, -2, 2 ** -24, 65504, Infinity));
    await reader.close();
  });

  it.each([
    ["BOOL", Uint8Array.of(0, 1), [0, 1]],
    ["U8", Uint8Array.of(0, 255), [0, 255]],
    ["I8", Int8Array.of(-128, 127), [-128, 127]],
    ["U16", Uint16Array.of(0, 65_535), [0, 65_535]],
    ["I16", Int16Array.of(-32_768, 32_767), [-32_768, 32_767]],
    ["I64", BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n), [-(2 ** 31), 2 ** 31 - 1]],
  ])("are read in %s", async (dtype, values, expected) => {
    const bytes = new Uint8Array(values.buffer);
    await writeRaw({ w: { dtype, shape: [2], data_offsets: [0, bytes.length] } }, bytes);
    const reader = await openSafetensors(file());
    expect([...(await reader.readInt32("w"))]).toEqual(expected);
    await reader.close();
  });

  it.each([2n ** 31n, -(2n ** 31n) - 1n])("are refused for %d, which does not fit int32", async (value) => {
    const bytes = new Uint8Array(BigInt64Array.of(1n, value).buffer);
    await writeRaw({ w: { dtype: "I64", shape: [2], data_offsets: [0, 16] } }, bytes);
    const reader = await openSafetensors(file());
    await expect(reader.readInt32("w")).rejects.toThrow(`"w" contains ${value}, which does not fit into 32 bits`);
    await reader.close();
  });

  it("are read from shards that an index names", async () => {
    await writeSafetensors(file("a.safetensors"), [tensor("w", [1])]);
    await writeSafetensors(file("b.safetensors"), [tensor("v", [2])]);
    await writeSafetensors(file("other.safetensors"), [tensor("w", [3])]);
    await writeFile(
      file("model.safetensors.index.json"),
      JSON.stringify({ weight_map: { w: "a.safetensors", v: "b.safetensors" } }),
    );
    const reader = await openSafetensors(file(""));
    expect(await reader.read("w")).toEqual(Float32Array.of(1));
    expect(await reader.read("v")).toEqual(Float32Array.of(2));
    await reader.close();
  });
});

it("a single file is preferred to older shards beside it, as transformers does", async () => {
  await writeSafetensors(file("a.safetensors"), [tensor("w", [1])]);
  await writeFile(file("model.safetensors.index.json"), JSON.stringify({ weight_map: { w: "a.safetensors" } }));
  await writeSafetensors(file(), [tensor("w", [2])]);
  const reader = await openSafetensors(file(""));
  expect(await reader.read("w")).toEqual(Float32Array.of(2));
  await reader.close();
});

it("a single file is the whole model, whatever lies beside it without an index", async () => {
  await writeSafetensors(file("consolidated.safetensors"), [tensor("w", [2]), tensor("v", [3])]);
  await writeSafetensors(file(), [tensor("w", [1])]);
  const reader = await openSafetensors(file(""));
  expect([...reader.entries.keys()]).toEqual(["w"]);
  expect(await reader.read("w")).toEqual(Float32Array.of(1));
  await reader.close();
});

describe("reading into existing memory", () => {
  const COUNT = 2 ** 21 + 2 ** 20 + 3; // several chunks of 4 MB, the last of them odd
  const dtypes = [
    { dtype: "F32", bytes: 4, one: new Uint8Array(Float32Array.of(1.5).buffer) },
    { dtype: "BF16", bytes: 2, one: Uint8Array.of(0xc0, 0x3f) },
    { dtype: "F16", bytes: 2, one: Uint8Array.of(0x00, 0x3e) },
    { dtype: "F64", bytes: 8, one: new Uint8Array(Float64Array.of(1.5).buffer) },
  ] as const;
  const infinities = { F32: 0x7f80, BF16: 0x7f80, F16: 0x7c00, F64: 0x7ff0 };

  it.each(dtypes)(
    "reads $dtype in all chunks, and finds the first value that is not finite",
    async ({ dtype, bytes, one }) => {
      const data = Buffer.alloc(COUNT * bytes, one);
      const pieces = 2 ** 22 / bytes;
      for (const places of [[], [0], [1, 0], [COUNT - 1], [COUNT - 1, pieces], [pieces - 1, pieces]]) {
        const damaged = Buffer.from(data);
        for (const place of places)
          damaged.writeUInt16LE(infinities[dtype] | (place % 2 ? 0x8000 : 1), (place + 1) * bytes - 2);
        await writeRaw({ w: { dtype, shape: [COUNT], data_offsets: [0, data.length] } }, damaged);
        const reader = await openSafetensors(file());
        const target = new Float32Array(COUNT + 2).fill(7);
        const first = places.length === 0 ? -1 : Math.min(...places);
        expect(await reader.readInto("w", target.subarray(1, COUNT + 1))).toBe(first);
        const found = first < 0 ? undefined : { index: first, value: target[first + 1] };
        expect(await reader.findNotFinite("w")).toEqual(found);
        expect([target[0], target.at(-1)]).toEqual([7, 7]);
        const wrong = target
          .subarray(1, COUNT + 1)
          .findIndex((value, place) => value !== 1.5 && !places.includes(place));
        expect(wrong).toBe(-1);
        await reader.close();
      }
    },
  );

  it("refuses memory of the wrong size, and dtypes that are not floating-point", async () => {
    await writeSafetensors(file(), [tensor("w", [1, 2, 3]), tensor("steps", [1], "I32")]);
    const reader = await openSafetensors(file());
    await expect(reader.readInto("w", new Float32Array(2))).rejects.toThrow(
      /"w" has 3 values, but the target has room for 2/,
    );
    await expect(reader.readInto("steps", new Float32Array(1))).rejects.toThrow(/"steps" is I32/);
    await expect(reader.findNotFinite("steps")).rejects.toThrow(/"steps" is I32/);
    await reader.close();
  });

  it("works for several tensors concurrently", async () => {
    const values = (start: number): number[] => Array.from({ length: 50_000 }, (_, index) => start + index);
    await writeSafetensors(
      file(),
      ["a", "b", "c"].map((name, index) => tensor(name, values(index))),
    );
    const reader = await openSafetensors(file());
    const targets = ["a", "b", "c"].map((name) => ({ name, target: new Float32Array(50_000) }));
    await Promise.all(targets.map(({ name, target }) => reader.readInto(name, target)));
    for (const [index, { target }] of targets.entries()) expect(target).toEqual(Float32Array.from(values(index)));
    await reader.close();
  });
});
