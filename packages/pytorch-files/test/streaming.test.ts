import { openPytorch } from "@mlan/pytorch-files";
import { peakBytes, temporaryFolder } from "@mlan/testing";
import { expect, it } from "vitest";
import { pickle, recordsOf, type ViewToWrite, writeArchive } from "./torch-file.ts";

it("a file of 9 GB is read by range: tensors beyond 2 and 4 GB, and parts of large tensors, in little memory", async () => {
  const file = new URL("pytorch_model.bin", temporaryFolder());
  const last = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
  const huge = 5_000_000_000;
  const view = (key: string, length: number, change: Partial<ViewToWrite>): ViewToWrite => {
    return { key, storageType: "FloatStorage", length, offset: 0, shape: [3], strides: [1], ...change };
  };
  const document = pickle.stateDict({
    first: view("0", 750_000_000, { shape: [750_000_000] }),
    end: view("1", huge / 4, { offset: huge / 4 - 3 }),
    spread: view("1", huge / 4, { shape: [2, 3], strides: [1_000_000_000, 1] }),
    last: view("2", 3, {}),
  });
  const [data, ...others] = recordsOf(document, { 2: last });
  // Holes: zeros that take no space on disk.
  const holes = [3_000_000_000, huge].map((byteLength, key) => {
    return { name: `model/data/${key}`, data: new Uint8Array(0), byteLength, crc32: 0 };
  });
  const records = [...(data ? [data] : []), ...holes, ...others];
  const written = await writeArchive(file, records).then(
    () => true,
    () => false,
  );
  // On a file system without holes, the disk may be too small.
  if (!written) return;
  const peak = peakBytes();
  const reader = await openPytorch(file);
  expect(reader.entries.get("first")).toMatchObject({ shape: [750_000_000], byteLength: 3_000_000_000 });
  expect(reader.entries.get("last")?.offset).toBeGreaterThan(8_000_000_000);
  expect(await reader.read("last")).toEqual(Float32Array.of(1, 2, 3));
  expect(await reader.read("end")).toEqual(new Float32Array(3));
  expect(await reader.read("spread")).toEqual(new Float32Array(6));
  await reader.close();
  expect(peakBytes() - peak).toBeLessThan(200e6);
});
