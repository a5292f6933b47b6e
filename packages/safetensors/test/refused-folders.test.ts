import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openSafetensors, SafetensorsError, writeSafetensors } from "@mlan/safetensors";
import { describe, expect, it } from "vitest";
import { file, tensor } from "./scratch-files.ts";

describe("an index that does not fit its folder is refused", () => {
  const write = async (weights: unknown): Promise<void> => {
    await writeSafetensors(file("a.safetensors"), [tensor("w", [1])]);
    await writeSafetensors(file("b.safetensors"), [tensor("v", [2])]);
    await writeFile(file("model.safetensors.index.json"), JSON.stringify({ weight_map: weights }));
  };
  it.each([
    [
      "files outside",
      { w: "../a.safetensors" },
      'tensor "w" into "../a.safetensors", which is not a file of this folder',
    ],
    ["itself", { w: "." }, 'into ".", which'],
    ["no name", { w: "" }, 'into "", which'],
    ["half a character", { w: "\ud800" }, "which is not a file of this folder"],
    ["a NUL", { w: "a\0" }, "which is not a file of this folder"],
    ["a number", { w: 3 }, "into 3, which"],
    ["files that are missing", { w: "a.safetensors", v: "c.safetensors" }, "1 of the 2 files that"],
    ["tensors in other files", { w: "b.safetensors", v: "b.safetensors" }, 'puts tensor "w" into'],
    ["tensors that are nowhere", { w: "a.safetensors", x: "a.safetensors" }, 'puts tensor "x" into'],
    ["the index as a shard", { w: "model.safetensors.index.json" }, "its header claims"],
    ["nothing", {}, "names no shards"],
    ["a list", ["a.safetensors"], "names no shards"],
    ["null", null, "names no shards"],
  ])("%s", async (_, weights, message) => {
    await write(weights);
    const error: unknown = await openSafetensors(file("")).catch((thrown: unknown) => thrown);
    expect(SafetensorsError.is(error)).toBe(true);
    expect(String(error)).toContain(message);
  });

  it("one tensor in two shards", async () => {
    await write({ w: "a.safetensors", v: "b.safetensors" });
    await writeSafetensors(file("b.safetensors"), [tensor("v", [2]), tensor("w", [3])]);
    await expect(openSafetensors(file(""))).rejects.toThrow(
      /tensor "w" is in .*a\.safetensors and in .*b\.safetensors/,
    );
  });

  it("an index that is a Git LFS pointer", async () => {
    await write({});
    await writeFile(file("model.safetensors.index.json"), "version https://git-lfs.github.com/spec/v1\n");
    await expect(openSafetensors(file(""))).rejects.toThrow("git lfs pull");
  });
});

describe("a path that is not a readable file is named with the reason", () => {
  it("a folder named *.safetensors", async () => {
    await mkdir(file());
    await expect(openSafetensors(file(""))).rejects.toThrow("model.safetensors is a folder");
  });

  it.skipIf(process.platform === "win32")("a pipe, which would never end", async () => {
    await promisify(execFile)("mkfifo", [fileURLToPath(file())]);
    await expect(openSafetensors(file(""))).rejects.toThrow("is not a regular file");
  });

  // The superuser can read everything.
  it.skipIf(process.platform === "win32" || process.getuid?.() === 0)("a file without permission", async () => {
    await writeSafetensors(file(), [tensor("w", [1])]);
    await chmod(file(), 0);
    await expect(openSafetensors(file(""))).rejects.toThrow("permission denied");
  });

  it("a path through a file", async () => {
    await writeSafetensors(file(), [tensor("w", [1])]);
    await expect(openSafetensors(file("model.safetensors/a"))).rejects.toThrow("does not exist");
  });

  it("a folder of PyTorch's own files", async () => {
    await writeFile(file("pytorch_model-00001-of-00002.bin"), "PK");
    await expect(openSafetensors(file(""))).rejects.toThrow(
      "only PyTorch files (pytorch_model-00001-of-00002.bin): read them with @mlan/pytorch-files",
    );
  });
});

it("a file that another one replaces while it is read is refused", async () => {
  await writeSafetensors(file(), [tensor("w", [1]), tensor("v", [2])]);
  const reader = await openSafetensors(file());
  expect(await reader.read("w")).toEqual(Float32Array.of(1));
  await writeSafetensors(file(), [tensor("u", [0]), tensor("w", [1]), tensor("v", [2])]);
  await expect(reader.read("v")).rejects.toThrow("was changed while it was read. Open it again.");
  await rm(file());
  await expect(reader.read("v")).rejects.toThrow("was changed while it was read. Open it again.");
  await reader.close();
});

it("a file that changes while it is read is refused, never read half old and half new", async () => {
  await writeSafetensors(file(), [tensor("w", [1]), tensor("v", [2])]);
  const reader = await openSafetensors(file());
  expect(await reader.read("w")).toEqual(Float32Array.of(1));
  const bytes = await readFile(file());
  bytes.writeFloatLE(3, bytes.length - 4);
  await writeFile(file(), bytes);
  // Modification times of some file systems are too coarse to distinguish two writes.
  await utimes(file(), new Date(), new Date(Date.now() + 5000));
  await expect(reader.read("v")).rejects.toThrow("was changed while it was read");
  await reader.close();
});
