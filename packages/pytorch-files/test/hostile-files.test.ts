import { readFile, writeFile } from "node:fs/promises";
import { openPytorch, PytorchFileError } from "@mlan/pytorch-files";
import { expectSurvival, jsonMutations, mutations, temporaryFolder } from "@mlan/testing";
import { expect, test } from "vitest";
import { bytes, pickle, recordsOf, writeArchive } from "./torch-file.ts";

const fixtures = new URL("fixtures/", import.meta.url);
const isTyped = (error: unknown): boolean => PytorchFileError.is(error);

/** Opens a file and reads all its numbers. */
async function readAll(place: URL): Promise<void> {
  const reader = await openPytorch(place);
  try {
    for (const { name, shape, dtype } of reader.entries.values()) {
      if (dtype.startsWith("F8")) continue;
      const reading = /^B?F\d/.test(dtype) ? reader.read(name) : reader.readInt32(name);
      const { length } = await reading;
      expect(length).toBe(shape.reduce((product, size) => product * size, 1));
    }
  } finally {
    await reader.close();
  }
}

test.each(["views.bin", "parameters.bin", "protocol-4.bin", "without-checksums.bin"])(
  "200 damaged copies of %s",
  async (name) => {
    const file = new URL("pytorch_model.bin", temporaryFolder());
    const outcome = await expectSurvival(mutations(await readFile(new URL(name, fixtures)), 200, 5), {
      attempt: async (bytes) => {
        await writeFile(file, bytes);
        await readAll(file);
      },
      isTyped,
    });
    expect(outcome.refused).toBeGreaterThan(100);
  },
);

test.each(["views.bin", "module.bin", "protocol-5.bin"])(
  "300 damaged pickles of %s, whose checksums are right",
  async (name) => {
    const folder = temporaryFolder();
    const file = new URL("pytorch_model.bin", folder);
    const { document, storages } = partsOf(await readFile(new URL(name, fixtures)));
    const outcome = await expectSurvival(mutations(document, 300, 6), {
      attempt: async (bytes) => {
        await writeArchive(file, recordsOf(bytes, storages));
        await readAll(file);
      },
      isTyped,
    });
    expect(outcome.accepted).toBeGreaterThan(5);
    expect(outcome.refused).toBeGreaterThan(150);
  },
);

test("hostile values at every position of an archive's directory", async () => {
  const folder = temporaryFolder();
  await writeFile(new URL("shard.bin", folder), await readFile(new URL("module.bin", fixtures)));
  const value = { metadata: {}, weight_map: { "0.weight": "shard.bin", "0.bias": "shard.bin" } };
  const outcome = await expectSurvival(jsonMutations(value), {
    attempt: async (changed) => {
      await writeFile(new URL("pytorch_model.bin.index.json", folder), JSON.stringify(changed));
      await readAll(folder);
    },
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(50);
});

test("pickles of 16 MB that create as many objects as possible", async () => {
  const file = new URL("pytorch_model.bin", temporaryFolder());
  const filled = (code: number): Buffer => pickle.document(Buffer.alloc(2 ** 24 - 3, code));
  const list = Buffer.concat([bytes(0x5d, 0x28), Buffer.alloc(900_000, 0x4e), bytes(0x65, 0x71, 0)]);
  const places = Array.from({ length: 100_000 }, (_, key) => [pickle.short(key), bytes(0x68, 0)] as const);
  const parts = Array.from({ length: 10 }, (_, part) => pickle.items(places.slice(part * 10_000, (part + 1) * 10_000)));
  const inputs = {
    dicts: filled(0x7d),
    tuples: filled(0x29),
    marks: filled(0x28),
    nothing: filled(0x4e),
    stored: pickle.document(bytes(0x4e), Buffer.alloc(2 ** 24 - 5, 0x94)),
    "dicts that are dropped": pickle.document(Buffer.alloc(2 ** 24 - 4, "}0")),
    "one list in 100,000 places": pickle.document(list, bytes(0x30, 0x7d), ...parts),
  };
  const outcome = await expectSurvival(
    Object.entries(inputs).map(([change, input]) => ({ change, input })),
    {
      attempt: async (document) => {
        await writeArchive(file, recordsOf(document));
        await readAll(file);
      },
      isTyped,
    },
  );
  expect(outcome.refused).toBe(Object.keys(inputs).length);
});

/** The pickle and the storages of a small file that torch.save wrote, found through local headers only. */
function partsOf(file: Buffer): { document: Buffer; storages: Record<string, Buffer> } {
  const records = new Map<string, Buffer>();
  const directory = file.lastIndexOf("PK\u0005\u0006");
  let place = file.readUInt32LE(directory + 16);
  while (file.readUInt32LE(place) === 0x02014b50) {
    const [nameLength, extraLength] = [file.readUInt16LE(place + 28), file.readUInt16LE(place + 30)];
    const name = file.toString("utf8", place + 46, place + 46 + nameLength);
    const local = file.readUInt32LE(place + 42);
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    records.set(name.replace(/^[^/]*\//, ""), file.subarray(start, start + file.readUInt32LE(place + 24)));
    place += 46 + nameLength + extraLength;
  }
  const storages = [...records].filter(([name]) => name.startsWith("data/"));
  return {
    document: records.get("data.pkl") ?? Buffer.alloc(0),
    storages: Object.fromEntries(storages.map(([name, bytes]) => [name.slice("data/".length), bytes])),
  };
}
