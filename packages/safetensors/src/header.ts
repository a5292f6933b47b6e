import type { FileHandle } from "node:fs/promises";
import { byteLengthOf, type Dtype, isDtype } from "./dtype.ts";
import { pathOf, SafetensorsError } from "./errors.ts";

/** Where one tensor lies in its file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly file: URL;
  /** First byte, counted from the beginning of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** The header may hold this many bytes; the limit of the reference implementation. */
const MAXIMUM_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

/** Reads and checks the header: what it says must fit the file and itself, so that no later read goes astray. */
export async function readHeader(handle: FileHandle, file: URL): Promise<readonly TensorEntry[]> {
  const { size } = await handle.stat();
  const text = await readHeaderText(handle, file, size);
  const dataStart = LENGTH_BYTES + Buffer.byteLength(text);
  const entries = Object.entries(parseHeader(text, file))
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => checkEntry(name, value, { file, dataStart, size }));
  checkLayout(entries, { file, dataStart, size });
  return entries;
}

async function readHeaderText(handle: FileHandle, file: URL, size: number): Promise<string> {
  if (size < LENGTH_BYTES) throw damaged(file, `it has ${size} bytes, too few for a header`);
  const lengthBytes = Buffer.alloc(LENGTH_BYTES);
  await handle.read(lengthBytes, 0, LENGTH_BYTES, 0);
  const length = lengthBytes.readBigUInt64LE();
  if (length > BigInt(Math.min(size - LENGTH_BYTES, MAXIMUM_HEADER_BYTES))) {
    throw damaged(file, `its header claims ${length} bytes, the file has ${size}`);
  }
  const header = Buffer.alloc(Number(length));
  await handle.read(header, 0, header.length, LENGTH_BYTES);
  return header.toString("utf8");
}

function parseHeader(text: string, file: URL): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(file, "its header is no JSON", { cause });
  }
  if (typeof value !== "object" || value === null) throw damaged(file, "its header is no JSON object");
  return { ...value };
}

interface Bounds {
  readonly file: URL;
  readonly dataStart: number;
  readonly size: number;
}

function checkEntry(name: string, value: unknown, { file, dataStart, size }: Bounds): TensorEntry {
  const { dtype, shape, data_offsets: offsets }: Record<string, unknown> = { ...Object(value) };
  if (typeof dtype !== "string" || !isDtype(dtype)) {
    throw damaged(file, `tensor "${name}" has the unknown dtype ${JSON.stringify(dtype)}`);
  }
  if (!isNaturalNumbers(shape)) throw damaged(file, `tensor "${name}" has the shape ${JSON.stringify(shape)}`);
  if (!isNaturalNumbers(offsets) || offsets.length !== 2) {
    throw damaged(file, `tensor "${name}" has the data offsets ${JSON.stringify(offsets)}`);
  }
  const [begin = 0, end = 0] = offsets;
  const byteLength = byteLengthOf(dtype, shape);
  if (end - begin !== byteLength) {
    throw damaged(
      file,
      `tensor "${name}" (${dtype} [${shape}]) needs ${byteLength} bytes, its data offsets give ${end - begin}`,
    );
  }
  if (dataStart + end > size) {
    throw damaged(file, `tensor "${name}" ends at byte ${dataStart + end}, the file at ${size}`);
  }
  return { name, dtype, shape, file, offset: dataStart + begin, byteLength };
}

/** The format allows neither overlaps nor holes. */
function checkLayout(entries: readonly TensorEntry[], { file, dataStart, size }: Bounds): void {
  let position = dataStart;
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)) {
    if (entry.offset !== position) {
      throw damaged(file, `tensor "${entry.name}" begins at byte ${entry.offset} where byte ${position} was expected`);
    }
    position += entry.byteLength;
  }
  if (position !== size) throw damaged(file, `its tensors end at byte ${position}, the file at ${size}`);
}

function isNaturalNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function damaged(file: URL, what: string, options?: ErrorOptions): SafetensorsError {
  return new SafetensorsError("damaged", `${pathOf(file)} is damaged: ${what}. Download or write it again.`, options);
}
