import { crc32, deflateRawSync } from "node:zlib";

/** A zip archive with these files, compressed. */
export function zipOf(files: Readonly<Record<string, string>>): Uint8Array {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const packed = deflateRawSync(text);
    const common = commonHeader(name, text, packed.length);
    const head = Buffer.concat([uint32(0x04034b50), common, Buffer.from(name)]);
    central.push(uint32(0x02014b50), uint16(20), common, Buffer.alloc(10), uint32(offset), Buffer.from(name));
    local.push(head, packed);
    offset += head.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const count = uint16(Object.keys(files).length);
  const end = [uint32(0x06054b50), Buffer.alloc(4), count, count, uint32(directory.length), uint32(offset), uint16(0)];
  return Buffer.concat([...local, directory, ...end]);
}

/**
 * The fields that the local and the central header have in common: from the required version to the length of the extra
 * field.
 */
function commonHeader(name: string, text: string, packed: number): Buffer {
  const size = Buffer.byteLength(text);
  const checksum = crc32(text);
  return Buffer.concat([
    uint16(20),
    uint16(0x0800),
    uint16(8),
    Buffer.alloc(4),
    uint32(checksum),
    uint32(packed),
    uint32(size),
    uint16(Buffer.byteLength(name)),
    uint16(0),
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
