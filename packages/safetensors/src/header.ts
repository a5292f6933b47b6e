import type { FileHandle } from "node:fs/promises";
import { byteLengthOf, isDtype } from "./dtype.ts";
import { pathOf } from "@mlan/errors";
import { SafetensorsError, shown } from "./errors.ts";
import { foreignFormat, readBytes } from "./open-file.ts";
import type { TensorEntry } from "./weight-format.ts";

/** Maximum size of a header, as in the reference implementation. */
const MAXIMUM_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
/** The key of a header whose value describes the file instead of a tensor. */
export const METADATA = "__metadata__";

/** Reads the header and checks it against the file, so that later reads stay inside their tensor. */
export async function readHeader(handle: FileHandle, file: URL): Promise<readonly TensorEntry[]> {
  const { size } = await handle.stat();
  const header = await readHeaderBytes(handle, file, size);
  const bounds = { file, dataStart: LENGTH_BYTES + header.length, size };
  const entries = Object.entries(parseHeader(header, file))
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => checkEntry(name, value, bounds));
  checkLayout(entries, bounds);
  return entries;
}

async function readHeaderBytes(handle: FileHandle, file: URL, size: number): Promise<Uint8Array> {
  if (size === 0) throw damaged(file, "it is empty");
  const start = await readExactly(handle, file, { position: 0, length: Math.min(size, 64) });
  const foreign = isZip(start) ? PYTORCH : foreignFormat(start);
  if (foreign) throw new SafetensorsError("damaged", `${pathOf(file)} ${foreign}.`);
  if (size < LENGTH_BYTES) throw damaged(file, `it has ${size} ${size === 1 ? "byte" : "bytes"}, too few for a header`);
  const length = new DataView(start.buffer).getBigUint64(0, true);
  if (length > BigInt(size - LENGTH_BYTES)) {
    throw damaged(file, `its header claims ${length} bytes, but the file has ${size}`);
  }
  if (length > MAXIMUM_HEADER_BYTES) {
    throw damaged(file, `its header claims ${length} bytes; the format allows ${MAXIMUM_HEADER_BYTES}`);
  }
  return readExactly(handle, file, { position: LENGTH_BYTES, length: Number(length) });
}

const PYTORCH =
  "is a zip archive, like PyTorch's *.bin files. Read it with @mlan/pytorch-files, or convert it to safetensors";

function isZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

async function readExactly(
  handle: FileHandle,
  file: URL,
  { position, length }: { readonly position: number; readonly length: number },
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await readBytes(handle, { bytes, position }, () => damaged(file, "it became shorter while it was read"));
  return bytes;
}

function parseHeader(bytes: Uint8Array, file: URL): Readonly<Record<string, unknown>> {
  if (!isPlausible(bytes)) throw damaged(file, "its header is not a list of tensors");
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw damaged(file, "its header is not JSON", { cause });
  }
  if (!isObject(value)) throw damaged(file, "its header is not a JSON object");
  return value;
}

/**
 * Limits on a header's JSON. Real headers have three levels and about four commas per tensor; parsing JSON with far
 * more would take gigabytes.
 */
const MAXIMUM_DEPTH = 4;
const MAXIMUM_COMMAS = 4_000_000;

function isPlausible(json: Uint8Array): boolean {
  let depth = 0;
  let commas = 0;
  let inText = false;
  for (let index = 0; index < json.length; index++) {
    const byte = json[index];
    if (byte === QUOTE) inText = !inText;
    else if (inText) index += byte === BACKSLASH ? 1 : 0;
    else if (byte === COMMA) commas++;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    if (depth > MAXIMUM_DEPTH || commas > MAXIMUM_COMMAS) return false;
  }
  return true;
}

const [QUOTE, BACKSLASH, COMMA, OPEN_BRACE, OPEN_BRACKET, CLOSE_BRACE, CLOSE_BRACKET] = Buffer.from('"\\,{[}]');

interface Bounds {
  readonly file: URL;
  readonly dataStart: number;
  readonly size: number;
}

function checkEntry(name: string, value: unknown, { file, dataStart, size }: Bounds): TensorEntry {
  const tensor = `tensor ${shown(name)}`;
  if (!isObject(value)) throw damaged(file, `${tensor} is described by ${shown(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !isDtype(dtype))
    throw damaged(file, `${tensor} has the unknown dtype ${shown(dtype)}`);
  if (!isNaturalNumbers(shape)) throw damaged(file, `${tensor} has the shape ${shown(shape)}`);
  if (!isNaturalNumbers(offsets) || offsets.length !== 2) {
    throw damaged(file, `${tensor} has the data offsets ${shown(offsets)}`);
  }
  const [begin = 0, end = 0] = offsets;
  const byteLength = byteLengthOf(dtype, shape);
  if (end - begin !== byteLength) {
    throw damaged(
      file,
      `${tensor} (${dtype} ${shown(shape)}) needs ${byteLength} bytes, but its data offsets span ${end - begin}`,
    );
  }
  if (dataStart + end > size)
    throw damaged(file, `${tensor} ends at byte ${dataStart + end}, but the file ends at ${size}`);
  return { name, dtype, shape, file, offset: dataStart + begin, byteLength };
}

/** Throws if tensors overlap or leave gaps, which the format forbids. */
function checkLayout(entries: readonly TensorEntry[], { file, dataStart, size }: Bounds): void {
  let position = dataStart;
  for (const { name, offset, byteLength } of entries.toSorted(
    (a, b) => a.offset - b.offset || a.byteLength - b.byteLength,
  )) {
    if (offset !== position) {
      throw damaged(file, `tensor ${shown(name)} begins at byte ${offset}, but byte ${position} was expected`);
    }
    position += byteLength;
  }
  if (position !== size) throw damaged(file, `its tensors end at byte ${position}, but the file ends at ${size}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNaturalNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function damaged(file: URL, what: string, options?: ErrorOptions): SafetensorsError {
  return new SafetensorsError("damaged", `${pathOf(file)} is damaged: ${what}. Download or write it again.`, options);
}
