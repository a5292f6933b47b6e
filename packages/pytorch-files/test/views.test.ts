import type { PytorchFileErrorCode } from "#internal/errors.ts";
import { openPytorch, PytorchFileError } from "@mlan/pytorch-files";
import fc from "fast-check";
import { temporaryFolder } from "@mlan/testing";
import { expect, it } from "vitest";
import { pickle, recordsOf, type ViewToWrite, writeArchive } from "./torch-file.ts";

/** The values of a view, index by index, as PyTorch defines them; undefined if one is outside the storage. */
function valuesOf({ offset, shape, strides }: ViewToWrite, storage: readonly number[]): readonly number[] | undefined {
  const places = shape.reduce<readonly number[]>(
    (before, size, axis) =>
      before.flatMap((place) => Array.from({ length: size }, (_, index) => place + index * (strides[axis] ?? 0))),
    [offset],
  );
  const values = places.map((place) => storage[place]);
  return values.some((value) => value === undefined) ? undefined : values.flatMap((value) => value ?? []);
}

const axis = fc.record({ size: fc.nat(4), stride: fc.nat(6) });
const view = fc.record({ offset: fc.nat(12), axes: fc.array(axis, { maxLength: 4 }) });

it("views of one storage (strided, overlapping, empty) have the same values as in PyTorch", async () => {
  const file = new URL("pytorch_model.bin", temporaryFolder());
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -(2 ** 20), max: 2 ** 20 }), { minLength: 1, maxLength: 40 }),
      view,
      fc.boolean(),
      async (storage, { offset, axes }, whole) => {
        const written: ViewToWrite = {
          key: "0",
          storageType: whole ? "LongStorage" : "FloatStorage",
          length: storage.length,
          offset,
          shape: axes.map(({ size }) => size),
          strides: axes.map(({ stride }) => stride),
        };
        const numbers = whole ? BigInt64Array.from(storage, BigInt) : Float32Array.from(storage);
        await writeArchive(file, recordsOf(pickle.stateDict({ w: written }), { 0: new Uint8Array(numbers.buffer) }));
        const expected = valuesOf(written, storage);
        if (expected === undefined) {
          refused++;
          await expect(openPytorch(file)).rejects.toSatisfy((error) => PytorchFileError.is(error, DAMAGED));
          return;
        }
        const reader = await openPytorch(file);
        expect([...(whole ? await reader.readInt32("w") : await reader.read("w"))]).toEqual(expected);
        await reader.close();
      },
    ),
    { numRuns: 300 },
  );
  expect(refused).toBeGreaterThan(10);
});

const DAMAGED: PytorchFileErrorCode = "damaged";

it("views that span more of the file than is read at once have every value in its place", async () => {
  const [rows, columns] = [1500, 1201]; // 7 MB
  const numbers = Float32Array.from({ length: rows * columns }, (_, place) => place);
  const storage = { key: "0", storageType: "FloatStorage", length: numbers.length, offset: 0 };
  const shapes: Readonly<Record<string, Omit<ViewToWrite, keyof typeof storage>>> = {
    whole: { shape: [rows, columns], strides: [columns, 1] },
    transposed: { shape: [columns, rows], strides: [1, columns] },
    column: { shape: [rows], strides: [columns] },
    ends: { shape: [2], strides: [numbers.length - 1] },
    corners: { shape: [2, 3, 2], strides: [columns - 1, 0, (rows - 1) * columns] },
    every: { shape: [2, 750, columns], strides: [columns, 2 * columns, 1] },
  };
  const views = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { ...storage, ...shape }]));
  const file = new URL("pytorch_model.bin", temporaryFolder());
  await writeArchive(file, recordsOf(pickle.stateDict(views), { 0: new Uint8Array(numbers.buffer) }));
  const reader = await openPytorch(file);
  for (const [name, { shape, strides }] of Object.entries(shapes)) {
    const read = await reader.read(name);
    // Each value is its position in the storage, so the expected value is the index.
    const steps = shape.map((_, index) => shape.slice(index + 1).reduce((product, size) => product * size, 1));
    const wrong = read.findIndex((value, place) => {
      const right = strides.reduce((sum, stride, index) => {
        return sum + (Math.floor(place / (steps[index] ?? 1)) % (shape[index] ?? 1)) * stride;
      }, 0);
      return value !== right;
    });
    expect(`${name}: ${wrong}`).toBe(`${name}: -1`);
  }
  const target = numbers.with(5, Number.NaN);
  await writeArchive(file, recordsOf(pickle.stateDict(views), { 0: new Uint8Array(target.buffer) }));
  await reader.close();
  const damaged = await openPytorch(file);
  expect(await damaged.readInto("whole", new Float32Array(numbers.length))).toBe(5);
  expect(await damaged.readInto("transposed", new Float32Array(numbers.length))).toBe(5 * rows);
  expect([await damaged.findNotFinite("whole"), await damaged.findNotFinite("transposed")]).toMatchObject([
    { index: 5 },
    { index: 5 * rows },
  ]);
  await damaged.close();
});
