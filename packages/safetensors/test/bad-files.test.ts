import { readFile, truncate, writeFile } from "node:fs/promises";
import { openSafetensors, SafetensorsError, writeSafetensors } from "@mlan/safetensors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { file, tensor, writeRaw } from "./scratch-files.ts";

describe("bad files are refused with the file's name", () => {
  const entry = (over: object): unknown => ({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...over } });
  const eight = new Uint8Array(8);
  it.each([
    ["a header that is no JSON", "{", eight, "its header is not JSON"],
    ["an unknown dtype", entry({ dtype: "F3" }), eight, 'unknown dtype "F3"'],
    ["offsets that do not fit the shape", entry({ shape: [3] }), eight, "needs 12 bytes, but its data offsets span 8"],
    ["offsets past the end", entry({ shape: [4], data_offsets: [0, 16] }), eight, "ends at byte"],
    ["a hole", entry({ data_offsets: [8, 16] }), new Uint8Array(16), "was expected"],
    ["bytes that nothing names", entry({}), new Uint8Array(12), "its tensors end"],
    ["a negative size", entry({ shape: [-2] }), eight, "has the shape [-2]"],
    [
      "an overlap",
      { w: { dtype: "F32", shape: [2], data_offsets: [0, 8] }, v: { dtype: "F32", shape: [1], data_offsets: [4, 8] } },
      eight,
      "was expected",
    ],
  ])("%s", async (_, header, data, message) => {
    await writeRaw(header, data);
    const opening = openSafetensors(file());
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toThrow("model.safetensors");
    await expect(opening).rejects.toSatisfy((error) => SafetensorsError.is(error, "damaged"));
  });

  it.each([
    ["a size that overflows", entry({ shape: [2 ** 40, 2 ** 40] }), "needs 4.8"],
    ["a size beyond every integer", entry({ shape: [2 ** 60] }), "has the shape"],
    ["a fractional size", entry({ shape: [0.5] }), "has the shape [0.5]"],
    ["sizes as text", entry({ shape: "2" }), 'has the shape "2"'],
    ["offsets that run backwards", entry({ data_offsets: [8, 0] }), "but its data offsets span -8"],
    ["a tensor that is a list", { w: [1] }, "is described by [1]"],
    ["a tensor that is null", { w: null }, "is described by null"],
    ["a list of tensors", [{ dtype: "F32" }], "not a JSON object"],
    ["a dtype of 10 MB", entry({ dtype: "x".repeat(1e7) }), 'dtype "xxx'],
    ["a name of 10 MB", { ["x".repeat(1e7)]: {} }, 'tensor "xxx'],
    ["lists in lists in lists", "[".repeat(100_000), "not a list of tensors"],
    ["ten million commas", `[${",".repeat(1e7)}`, "not a list of tensors"],
    [
      "one name twice",
      '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
      "was expected",
    ],
  ])("%s, in a line", async (_, header, message) => {
    await writeRaw(header, eight);
    const error: unknown = await openSafetensors(file()).catch((thrown: unknown) => thrown);
    expect(SafetensorsError.is(error, "damaged")).toBe(true);
    expect(String(error)).toContain(message);
    expect(String(error).length).toBeLessThan(500);
  });

  it("text that is not UTF-8, which would move every tensor", async () => {
    const header = Buffer.from('{"w\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', "latin1");
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeFile(file(), Buffer.concat([length, header, eight]));
    await expect(openSafetensors(file())).rejects.toThrow("is not JSON");
  });

  it("a header longer than the format allows", async () => {
    await writeFile(file(), Buffer.from([0, 0, 0, 16, 0, 0, 0, 0]));
    await truncate(file(), 2 ** 29);
    await expect(openSafetensors(file())).rejects.toThrow("its header claims 268435456 bytes; the format allows");
  });

  it.each([
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "Git LFS pointer"],
    ["a web page", "\n<!DOCTYPE html><html>", "web page"],
    ["PyTorch's zip", "PK\u0003\u0004\0\0\0\0\0\0", "zip archive"],
    ["nothing", "", "it is empty"],
  ])("%s in the place of weights, named", async (_, text, message) => {
    await writeFile(file(), text);
    await expect(openSafetensors(file())).rejects.toThrow(message);
  });

  it("a tensor with more bytes than the memory", async () => {
    const bytes = 2 ** 50;
    await writeRaw({ w: { dtype: "F32", shape: [bytes / 4], data_offsets: [0, bytes] } }, new Uint8Array(0));
    const { length } = await readFile(file());
    // A sparse file. Not every file system allows such a large one.
    const made = await truncate(file(), length + bytes).then(
      () => true,
      () => false,
    );
    if (!made) return;
    const reader = await openSafetensors(file());
    await expect(reader.read("w")).rejects.toThrow(/"w" needs 1125899906842624 bytes/);
    await reader.close();
  });

  it("a truncated file, wherever it was cut", async () => {
    await writeSafetensors(file(), [tensor("w", [1, 2, 3])]);
    const { length } = await readFile(file());
    for (const size of [0, 7, 8, 20, length - 1]) {
      await truncate(file(), size);
      await expect(openSafetensors(file())).rejects.toSatisfy((error) => SafetensorsError.is(error, "damaged"));
      await writeSafetensors(file(), [tensor("w", [1, 2, 3])]);
    }
  });

  it("a header longer than the file", async () => {
    await writeFile(file(), Buffer.from([255, 255, 255, 255, 255, 255, 255, 127, 1]));
    await expect(openSafetensors(file())).rejects.toThrow("its header claims");
  });

  it("a missing file, a folder without weights, a missing tensor, integers read as numbers", async () => {
    await expect(openSafetensors(file())).rejects.toSatisfy((error) => SafetensorsError.is(error, "missing"));
    await expect(openSafetensors(file(""))).rejects.toThrow("has no *.safetensors file, but nothing");
    await writeSafetensors(file(), [tensor("w", [1], "I32")]);
    const reader = await openSafetensors(file());
    await expect(reader.read("v")).rejects.toThrow('no tensor "v"');
    await expect(reader.read("w")).rejects.toThrow("is I32");
    await reader.close();
  });

  it("random bytes never crash the reader", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await writeFile(file(), bytes);
        await expect(openSafetensors(file())).rejects.toSatisfy((error) => SafetensorsError.is(error));
      }),
      { numRuns: 100 },
    );
  });
});
