import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";

/** A record of an archive to write. */
export interface RecordToWrite {
  readonly name: string;
  readonly data: Uint8Array;
  /** Default: the length of `data`. The rest is a hole of zeros in the file. */
  readonly byteLength?: number;
  /** Default: the checksum of `data`; 0 means none. */
  readonly crc32?: number;
}

/** Writes an archive as torch.save does: records one after the other, aligned to 64 bytes, all sizes also as zip64. */
export async function writeArchive(file: URL, records: readonly RecordToWrite[]): Promise<void> {
  const handle = await open(file, "w");
  const central: Buffer[] = [];
  let position = 0;
  for (const { name, data, byteLength = data.length, crc32: sum = crc32(data) } of records) {
    const text = Buffer.from(name);
    const padding = (64 - ((position + 30 + text.length + 4) % 64)) % 64;
    const common = Buffer.concat([
      uint(20, 2), // version needed
      uint(0x0800, 2), // names are UTF-8
      uint(0, 2), // stored
      uint(0, 4), // time and date
      uint(sum, 4),
      uint(0xffffffff, 4),
      uint(0xffffffff, 4),
      uint(text.length, 2),
    ]);
    const local = [uint(0x04034b50, 4), common, uint(4 + padding, 2), text, uint(0x4246, 2), uint(padding, 2)];
    const head = Buffer.concat([...local, Buffer.alloc(padding)]);
    await handle.write(head, 0, head.length, position);
    await handle.write(data, 0, data.length, position + head.length);
    const sizes = Buffer.concat([uint(1, 2), uint(24, 2), uint(byteLength, 8), uint(byteLength, 8), uint(position, 8)]);
    const rest = [uint(sizes.length, 2), Buffer.alloc(10), uint(0xffffffff, 4), text, sizes];
    central.push(uint(0x02014b50, 4), uint(45, 2), common, ...rest);
    position += head.length + byteLength;
  }
  const directory = Buffer.concat(central);
  const count = uint(records.length, 8);
  const end64 = [uint(0x06064b50, 4), uint(44, 8), uint(45, 2), uint(45, 2), Buffer.alloc(8), count, count];
  const locator = [uint(0x07064b50, 4), Buffer.alloc(4), uint(position + directory.length, 8), uint(1, 4)];
  const end = [uint(0x06054b50, 4), Buffer.alloc(4), Buffer.alloc(12, 255), uint(0, 2)];
  const all = Buffer.concat([directory, ...end64, uint(directory.length, 8), uint(position, 8), ...locator, ...end]);
  await handle.write(all, 0, all.length, position);
  await handle.close();
}

/** A view to pickle. Offset and strides count elements. */
export interface ViewToWrite {
  readonly key: string;
  readonly storageType: string;
  readonly length: number;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Instructions of pickles of protocol 2. */
export const pickle = {
  document: (...parts: readonly Uint8Array[]): Buffer => Buffer.concat([bytes(0x80, 2), ...parts, bytes(0x2e)]),
  text: (value: string): Buffer => Buffer.concat([bytes(0x58), uint(Buffer.byteLength(value), 4), Buffer.from(value)]),
  /** A whole number in five bytes. */
  short: (value: number): Buffer => Buffer.concat([bytes(0x4a), uint(value, 4)]),
  integer: (value: number): Buffer => Buffer.concat([bytes(0x8a, 8), uint(value, 8)]),
  tuple: (...items: readonly Uint8Array[]): Buffer => Buffer.concat([bytes(0x28), ...items, bytes(0x74)]),
  dict: (items: readonly (readonly [Uint8Array, Uint8Array])[]): Buffer =>
    Buffer.concat([bytes(0x7d), pickle.items(items)]),
  /** Sets keys and values of the dict on top of the stack. */
  items: (items: readonly (readonly [Uint8Array, Uint8Array])[]): Buffer =>
    Buffer.concat([bytes(0x28), ...items.flat(), bytes(0x75)]),
  name: (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`),
  call: (callable: Uint8Array, ...args: readonly Uint8Array[]): Buffer =>
    Buffer.concat([callable, pickle.tuple(...args), bytes(0x52)]),
  tensor: ({ key, storageType, length, offset, shape, strides }: ViewToWrite): Buffer => {
    const id = [pickle.text("storage"), pickle.name("torch", storageType), pickle.text(key), pickle.text("cpu")];
    const storage = Buffer.concat([pickle.tuple(...id, pickle.integer(length)), bytes(0x51)]);
    const sizes = [shape, strides].map((values) => pickle.tuple(...values.map((value) => pickle.integer(value))));
    const hooks = pickle.call(pickle.name("collections", "OrderedDict"));
    const rebuild = pickle.name("torch._utils", "_rebuild_tensor_v2");
    return pickle.call(rebuild, storage, pickle.integer(offset), ...sizes, bytes(0x89), hooks);
  },
  stateDict: (views: Readonly<Record<string, ViewToWrite>>): Buffer =>
    pickle.document(pickle.dict(Object.entries(views).map(([name, view]) => [pickle.text(name), pickle.tensor(view)]))),
};

/** An archive with a pickle and the storages that it refers to. */
export function recordsOf(
  document: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
): readonly RecordToWrite[] {
  return [
    { name: "model/data.pkl", data: document },
    { name: "model/byteorder", data: Buffer.from("little") },
    ...Object.entries(storages).map(([key, data]) => ({ name: `model/data/${key}`, data })),
    { name: "model/version", data: Buffer.from("3\n") },
  ];
}

export function bytes(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

/** A little-endian integer; two's complement if negative. */
function uint(value: number, length: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return buffer.subarray(0, length);
}
