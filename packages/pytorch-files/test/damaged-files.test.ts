import { cp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { openPytorch, PytorchFileError } from "@mlan/pytorch-files";
import { writeSafetensors } from "@mlan/safetensors";
import { temporaryFolder } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import { bytes, pickle, recordsOf, type ViewToWrite, writeArchive } from "./torch-file.ts";

const fixtures = new URL("fixtures/", import.meta.url);
const view: ViewToWrite = {
  key: "0",
  storageType: "FloatStorage",
  length: 6,
  offset: 0,
  shape: [2, 3],
  strides: [3, 1],
};
const numbers = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

async function errorOf(place: URL): Promise<unknown> {
  return openPytorch(place).then(
    async (reader) => {
      await reader.close();
      return "it was opened";
    },
    (thrown: unknown) => thrown,
  );
}

describe("an incomplete folder", () => {
  const sharded = async (): Promise<URL> => {
    const folder = temporaryFolder();
    await cp(new URL("sharded/", fixtures), folder, { recursive: true });
    return folder;
  };
  const FIRST = "pytorch_model-00001-of-00002.bin";
  const SECOND = "pytorch_model-00002-of-00002.bin";

  it("lacks a shard", async () => {
    const folder = await sharded();
    await rm(new URL(SECOND, folder));
    const error = await errorOf(folder);
    expect(PytorchFileError.is(error, "missing")).toBe(true);
    expect(String(error)).toMatch(
      /1 of the 2 files that .*index\.json names are missing: pytorch_model-00002-of-00002\.bin/,
    );
  });

  it("lacks the index", async () => {
    const folder = await sharded();
    await rm(new URL("pytorch_model.bin.index.json", folder));
    expect(String(await errorOf(folder))).toContain("without pytorch_model.bin.index.json, which lists their tensors");
  });

  it("has an index of a different model", async () => {
    const folder = await sharded();
    await writeFile(new URL("pytorch_model.bin.index.json", folder), JSON.stringify({ weight_map: { w: FIRST } }));
    expect(String(await errorOf(folder))).toMatch(
      /puts tensor "w" into .*00001-of-00002\.bin, which does not contain it/,
    );
  });

  it("has one tensor in two shards", async () => {
    const folder = await sharded();
    await cp(new URL(FIRST, folder), new URL(SECOND, folder));
    expect(String(await errorOf(folder))).toMatch(/tensor "layers\.1\.weight" is in .*00001-of.* and in .*00002-of/);
  });

  it("has only weights with a different name", async () => {
    const folder = await sharded();
    await rm(new URL("pytorch_model.bin.index.json", folder));
    await rm(new URL(SECOND, folder));
    await rename(new URL(FIRST, folder), new URL("mm_projector.bin", folder));
    expect(String(await errorOf(folder))).toContain(
      "contains no pytorch_model.bin, but mm_projector.bin. If the weights",
    );
    await (await openPytorch(new URL("mm_projector.bin", folder))).close();
  });
});

describe("a file that torch.save did not write is named by its format", () => {
  it.each([
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"],
    ["a web page", "<!DOCTYPE html><html>", "is a web page"],
    ["nothing", "", "it is empty"],
    ["text", "hello", "does not begin like a file that torch.save wrote"],
    ["a pickle", bytes(0x80, 2, 0x7d, 0x2e), "is a pickle that torch.save did not write"],
    ["a tar of PyTorch before 1.0", Buffer.concat([Buffer.alloc(257), Buffer.from("ustar")]), "before version 1.6"],
  ])("%s", async (_, content, message) => {
    const file = new URL("pytorch_model.bin", temporaryFolder());
    await writeFile(file, content);
    expect(String(await errorOf(file))).toContain(message);
  });

  it("a safetensors file", async () => {
    const file = new URL("pytorch_model.bin", temporaryFolder());
    await writeSafetensors(file, [{ name: "w", dtype: "F32", shape: [1], data: () => Float32Array.of(1) }]);
    expect(String(await errorOf(file))).toContain("is a safetensors file. Rename it to model.safetensors");
  });

  it("an archive of other files", async () => {
    const file = new URL("pytorch_model.bin", temporaryFolder());
    await writeArchive(file, [{ name: "images/cat.png", data: bytes(1) }]);
    expect(String(await errorOf(file))).toContain("not one that torch.save wrote: it contains images/cat.png");
  });
});

it("a file truncated at any position", async () => {
  const file = new URL("pytorch_model.bin", temporaryFolder());
  const whole = await readFile(new URL("module.bin", fixtures));
  for (let size = 0; size < whole.length; size += 37) {
    await writeFile(file, whole.subarray(0, size));
    const error = await errorOf(file);
    expect(PytorchFileError.is(error, "damaged"), `${size} bytes: ${String(error)}`).toBe(true);
  }
});

it("an archive whose directory is at a position beyond any file", async () => {
  const file = new URL("pytorch_model.bin", temporaryFolder());
  const whole = await readFile(new URL("module.bin", fixtures));
  const locator = Buffer.alloc(20, 0xff);
  locator.writeUInt32LE(0x07064b50);
  await writeFile(file, Buffer.concat([whole.subarray(0, -22), locator, whole.subarray(-22)]));
  expect(String(await errorOf(file))).toContain("refers to a position beyond the end of the file");
});

describe("a flipped bit is found by the file's checksums", () => {
  it("in a tensor, which is named whether it is read whole or as a view", async () => {
    const file = new URL("pytorch_model.bin", temporaryFolder());
    const views = {
      whole: view,
      part: { ...view, offset: 3, shape: [3], strides: [1] },
      turned: { ...view, shape: [3, 2], strides: [1, 3] },
    };
    await writeArchive(file, recordsOf(pickle.stateDict(views), { 0: numbers }));
    const content = await readFile(file);
    const place = content.indexOf(numbers);
    content[place + 1] = (content[place + 1] ?? 0) ^ 1;
    await writeFile(file, content);
    const reader = await openPytorch(file);
    for (const name of Object.keys(views)) {
      await expect(reader.read(name)).rejects.toThrow(`tensor "${name}" does not match its checksum`);
    }
    await reader.close();
  });

  it("in the list of tensors", async () => {
    const file = new URL("pytorch_model.bin", temporaryFolder());
    await writeArchive(file, recordsOf(pickle.stateDict({ weight: view }), { 0: numbers }));
    const content = await readFile(file);
    content[content.indexOf("weight")] = 0x57;
    await writeFile(file, content);
    expect(String(await errorOf(file))).toContain("its list of tensors does not match its checksum");
  });
});

describe("a list of tensors that contradicts its file", () => {
  const { text, integer, name, call, tuple, dict, document } = pickle;
  const saved = (change: Partial<ViewToWrite>): Buffer => pickle.stateDict({ w: { ...view, ...change } });
  const nest = Buffer.concat([Buffer.alloc(100_000, 0x5d), Buffer.alloc(99_999, 0x61)]);
  it.each([
    ["a view beyond the end of its storage", saved({ offset: 1 }), 'tensor "w" ends at element 7, its storage at 6'],
    ["strides that leave it", saved({ strides: [4, 1] }), "ends at element 7"],
    ["strides that run backwards", saved({ strides: [-3, 1] }), "has the sizes or strides [-3, 1]"],
    ["a size that overflows", saved({ shape: [2 ** 50, 2 ** 50], strides: [1, 1] }), "ends at element"],
    [
      "a few values repeated to 1 TB",
      saved({ shape: [2 ** 38], strides: [0] }),
      'repeats 24 bytes until tensor "w" has',
    ],
    ["a storage of another length", saved({ length: 7 }), "has 24 bytes where 28 were expected"],
    ["a missing storage", saved({ key: "1" }), 'the storage "1" of tensor "w" is missing'],
    ["a stride too few", saved({ strides: [1] }), "has the shape [2, 3] and the strides [1]"],
    [
      "a hundred axes",
      saved({ shape: Array<number>(100).fill(1), strides: Array<number>(100).fill(1) }),
      "has the sizes",
    ],
    [
      "one name twice",
      document(
        dict([
          [text("w"), pickle.tensor(view)],
          [text("w"), pickle.tensor(view)],
        ]),
      ),
      'the key "w" twice',
    ],
    [
      "a tensor without a storage",
      document(dict([[text("w"), call(name("torch._utils", "_rebuild_tensor_v2"), text("x"))]])),
      "has no storage",
    ],
    ["a call of a number", document(call(integer(1))), "calls something that is not a function"],
    ["a call of a dtype", document(call(name("torch", "float32"))), "calls something that is not a function"],
    ["another storage id", document(tuple(text("storage")), bytes(0x51)), "refers to something that is not a storage"],
    ["lists in lists in lists", document(nest), "contains a value that is not a dict of tensors"],
    [
      "deep lists in a dict",
      document(
        dict([
          [text("x"), nest],
          [text("w"), pickle.tensor(view)],
        ]),
      ),
      undefined,
    ],
    [
      "a list that contains itself",
      document(
        dict([
          [text("x"), bytes(0x5d, 0x71, 0, 0x68, 0, 0x61)],
          [text("w"), pickle.tensor(view)],
        ]),
      ),
      undefined,
    ],
    ["a pop of a value that was not pushed", document(bytes(0x30)), "pops a value that it did not push"],
    ["marks without end", document(Buffer.alloc(1_000_000, 0x28)), "pops a value that it did not push"],
    [
      "text longer than the file",
      document(bytes(0x8d, 255, 255, 255, 255, 255, 255, 255, 255)),
      "before its last value",
    ],
    ["text that is not UTF-8", document(bytes(0x8c, 1, 0xff)), "its text is not UTF-8"],
    [
      "an instruction of protocol 0",
      document(Buffer.from("I1\n")),
      "byte 2 is 0x49, which is not a supported instruction",
    ],
    ["protocol 9", bytes(0x80, 9, 0x2e), "a pickle of protocol 9; protocols 2 to 5 are supported"],
    ["no end", Buffer.from([0x80, 2, 0x7d]), "before its last value"],
    [
      "17 MB",
      Buffer.concat([bytes(0x80, 2), Buffer.alloc(17_000_000, 0x5d), bytes(0x2e)]),
      "its list of tensors has 17000003 bytes",
    ],
  ] as const)("%s", async (_, document_, message) => {
    const file = new URL("pytorch_model.bin", temporaryFolder());
    await writeArchive(file, recordsOf(document_, { 0: numbers }));
    const error = await errorOf(file);
    if (message === undefined) return expect(error).toBe("it was opened");
    expect(PytorchFileError.is(error), String(error)).toBe(true);
    expect(String(error)).toContain(message);
    expect(String(error).length).toBeLessThan(700);
  });

  it("a record twice", async () => {
    const file = new URL("pytorch_model.bin", temporaryFolder());
    const records = recordsOf(saved({}), { 0: numbers });
    await writeArchive(file, [...records, { name: "model/data/0", data: numbers }]);
    expect(String(await errorOf(file))).toContain('it contains the record "model/data/0" twice');
  });
});
