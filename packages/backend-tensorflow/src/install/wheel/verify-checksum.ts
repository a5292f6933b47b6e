import { Transform } from "node:stream";
import { crc32 } from "node:zlib";

/** Passes bytes through, and fails at the end if their CRC-32 is not `expected`. */
export function verifyChecksum(expected: number): Transform {
  let sum = 0;
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      sum = crc32(bytes, sum);
      done(null, bytes);
    },
    flush(done) {
      done(sum === expected ? null : new Error("a checksum is wrong"));
    },
  });
}
