import { describe, expect, test } from "vitest";
import { ofPillow, decode, refusal } from "./decode-image.ts";

test("a TIFF whose pixels follow its directory is refused when they are truncated", async () => {
  const tiff = tiffOf(40, 30);
  await expect(decode(tiff)).resolves.toHaveLength(3 * 32 * 32);
  for (const lost of [1, 100, 1000, 1200]) {
    expect(await refusal(tiff.subarray(0, tiff.length - lost))).toContain("cannot be decoded");
  }
});

describe("damaged or unusual bitmaps are refused by one sentence:", () => {
  const bmp = (change: (view: DataView) => void) => async () => {
    const bytes = Uint8Array.from(await ofPillow("bmp 24-bit"));
    change(new DataView(bytes.buffer));
    return bytes;
  };
  const text = (content: string) => () => Promise.resolve(Buffer.from(content, "latin1"));
  test.each([
    ["a size beyond the bounds", bmp((view) => view.setUint32(18, 60_000, true)), "it is cut short: "],
    ["no pixels", bmp((view) => view.setUint32(18, 0, true)), "it is a BMP of 0 x 9; 1 to 178956970 pixels"],
    ["negative width", bmp((view) => view.setInt32(18, -5, true)), "it is a BMP of 4294967291 x 9; 1 to"],
    ["another header", bmp((view) => view.setUint32(14, 41, true)), "its header has 41 bytes; 12, 40, 52"],
    ["a JPEG inside", bmp((view) => view.setUint32(30, 4, true)), "its compression is 4; none, run lengths"],
    ["RLE8 of 24 bits", bmp((view) => view.setUint32(30, 1, true)), "it is compressed by RLE8 at 24 bits per pixel"],
    ["7 bits", bmp((view) => view.setUint16(28, 7, true)), "it has 7 bits per pixel"],
    ["odd masks", bmp((view) => view.setUint32(30, 3, true)), "which are not supported"],
    ["a PNM of no numbers", text("P6\nwide 40\n255\n"), 'its width is "wide", not a number'],
    ["a PNM too large", text("P5\n70000 1\n255\n"), "it is a PNM of 70000 x 1; 1 to 178956970 pixels"],
    ["a PNM bomb", text("P6\n13000 13000\n255\n123"), "it is cut short: 506999997 of 507000000 bytes"],
    ["a PNM bomb in words", text("P3\n13000 13000\n255\n1 2 3"), "it is cut short: "],
    ["a largest value of 0", text("P5\n1 1\n0\n1"), "its largest value is 0; 1 to 65535 are supported"],
    ["a pixel above the largest", text("P2\n1 1\n9\n10"), "it has a pixel value of 10, above its largest value 9"],
    ["a bit of 2", text("P1\n1 1\n2"), "it has a pixel that is neither 0 nor 1"],
    ["an ICO without an icon", text("\0\0\x01\0\0\0"), "it is an ICO without an icon"],
    ["an ICO without its directory", text("\0\0\x01\0\x09\0"), "it is cut short in its directory"],
    ["a GIF without a frame", text("GIF89a\x05\0\x05\0\0\0\0;"), "it is a GIF without a frame"],
  ])("%s", async (_, bytes, problem) => {
    const message = await refusal(await bytes());
    expect(message).toContain(`model-llava: image "a.png" cannot be decoded: `);
    expect(message).toContain(problem);
    expect(message).not.toContain("\n");
  });

  test("16-bit grey TIFF whose white is 0", async () => {
    const tiff = Uint8Array.from(await ofPillow("tiff 16-bit grey, big endian"));
    const view = new DataView(tiff.buffer);
    for (let entry = 10; entry < 10 + 12 * view.getUint16(8); entry += 12) {
      if (view.getUint16(entry) === 262) view.setUint16(entry + 8, 0);
    }
    expect(await refusal(tiff)).toContain(
      "it is a TIFF of 16-bit grey whose white is 0, which programs read differently",
    );
  });
});

/** A grey TIFF as Pillow writes it: its directory first, its pixels last. */
function tiffOf(width: number, height: number): Uint8Array {
  const fields = [
    [256, width],
    [257, height],
    [258, 8], // bits
    [259, 1], // not compressed
    [262, 1], // 0 is black
    [273, 8 + 2 + 9 * 12 + 4], // where the pixels begin
    [277, 1], // values a pixel
    [278, height],
    [279, width * height],
  ] as const;
  const head = Buffer.alloc(8 + 2 + fields.length * 12 + 4);
  head.write("II*\0\b", "latin1");
  head.writeUInt16LE(fields.length, 8);
  for (const [index, [tag, value]] of fields.entries()) {
    const at = 10 + index * 12;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(4, at + 2);
    head.writeUInt32LE(1, at + 4);
    head.writeUInt32LE(value, at + 8);
  }
  const pixels = Uint8Array.from({ length: width * height }, (_, index) => index % 251);
  return Buffer.concat([head, pixels]);
}
