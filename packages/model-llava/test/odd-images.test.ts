import { clipImageProcessor } from "#internal/images/image-processor.ts";
import { preprocessImage } from "#internal/images/preprocess-image.ts";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { PROCESSOR, decode, refusal, noise } from "./decode-image.ts";

/** The color of CLIP's mean, as `expand2square` rounds it. */
const MEAN = { r: 122, g: 116, b: 104 };

describe("a strip is padded without allocating its square, with bit-identical results:", () => {
  test.each([
    [400, 3],
    [3, 400],
    [400, 4],
    [5, 400],
    [97, 61],
    [31, 88],
    [1, 64],
  ])("%i x %i", async (width, height) => {
    const image = await noise(width, height).png().toBuffer();
    const side = Math.max(width, height);
    const [left, top] = [Math.floor((side - width) / 2), Math.floor((side - height) / 2)];
    const edges = { left, top, right: side - width - left, bottom: side - height - top };
    const padded = await sharp(image)
      .extend({ ...edges, background: MEAN })
      .png()
      .toBuffer();
    for (const processor of [PROCESSOR, { ...clipImageProcessor(24), shortestEdge: 40 }]) {
      const options = { processor, aspectRatio: "pad", name: "strip" } as const;
      expect([...(await preprocessImage(image, options))]).toEqual([...(await preprocessImage(padded, options))]);
    }
  });

  test.each([
    [16_000, 100],
    [100, 16_000],
    [65_535, 1],
  ])("%i x %i takes no square's memory", async (width, height) => {
    const image = await sharp({ create: { width, height, channels: 3, background: MEAN } })
      .png()
      .toBuffer();
    const before = process.resourceUsage().maxRSS;
    const values = await preprocessImage(image, { processor: PROCESSOR, aspectRatio: "pad", name: "strip" });
    expect(new Set(values.subarray(0, 32 * 32)).size).toBe(1);
    // KiB. The square of 16,000 pixels is 750,000.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(300_000);
  });
});

describe("EXIF orientation", () => {
  const [width, height] = [5, 3];
  const stored = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 53) % 251);
  /** The stored position of the pixel (x, y) of the upright image. */
  const PLACES: Readonly<Record<number, (x: number, y: number) => readonly [x: number, y: number]>> = {
    1: (x, y) => [x, y],
    2: (x, y) => [width - 1 - x, y],
    3: (x, y) => [width - 1 - x, height - 1 - y],
    4: (x, y) => [x, height - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y) => [y, height - 1 - x],
    7: (x, y) => [width - 1 - y, height - 1 - x],
    8: (x, y) => [width - 1 - y, x],
  };
  const raw = (data: Uint8Array, columns: number, rows: number) =>
    sharp(data, { raw: { width: columns, height: rows, channels: 3 } });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("%i is applied only if the image is to be upright", async (turn) => {
    const image = await raw(stored, width, height).withMetadata({ orientation: turn }).png().toBuffer();
    const [columns, rows] = turn < 5 ? [width, height] : [height, width];
    const turned = Uint8Array.from({ length: stored.length }, (_, index) => {
      const pixel = Math.floor(index / 3);
      const [x = 0, y = 0] = PLACES[turn]?.(pixel % columns, Math.floor(pixel / columns)) ?? [];
      return stored[(y * width + x) * 3 + (index % 3)] ?? 0;
    });
    const options = { processor: PROCESSOR, aspectRatio: "pad", name: "turned" } as const;
    const plain = async (data: Uint8Array, across: number, down: number) => [
      ...(await preprocessImage(await raw(data, across, down).png().toBuffer(), options)),
    ];
    expect([...(await preprocessImage(image, options))]).toEqual(await plain(stored, width, height));
    const upright = await preprocessImage(image, { ...options, orientation: "upright" });
    expect([...upright]).toEqual(await plain(turned, columns, rows));
  });
});

describe("limits of decoding:", () => {
  test.each([
    [20_000, 9000],
    [70_000, 2],
    [0x7fffffff, 0x7fffffff],
  ])("%i x %i pixels are refused before any is decoded", async (width, height) => {
    expect(await refusal(pngOf(width, height))).toMatch(
      new RegExp(`is a PNG of ${width} x ${height}; up to 178956970 pixels, 65535 on a side|cannot be decoded`),
    );
  });

  test("grey values of 16 bits are clipped at 255, as Pillow does", async () => {
    const values = Uint16Array.from({ length: 32 * 32 }, (_, index) => (index * 37) % 1024);
    const raw = { width: 32, height: 32, channels: 1 } as const;
    const image = await sharp(values, { raw }).toColourspace("grey16").png().toBuffer();
    expect((await sharp(image).metadata()).space).toBe("grey16");
    const clipped = await sharp(Uint8ClampedArray.from(values), { raw }).png().toBuffer();
    expect([...(await decode(image))]).toEqual([...(await decode(clipped))]);
  });

  test("the first frame of an animation is read", async () => {
    const options = { processor: PROCESSOR, aspectRatio: "square", name: "a" } as const;
    const raw = { width: 8, height: 16, channels: 3, pageHeight: 8 } as const;
    const frames = Buffer.alloc(8 * 16 * 3, 10).fill(200, 8 * 8 * 3);
    const animation = await sharp(frames, { raw }).gif().toBuffer();
    const still = await sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 10, g: 10, b: 10 } } })
      .png()
      .toBuffer();
    expect([...(await preprocessImage(animation, options))]).toEqual([...(await preprocessImage(still, options))]);
  });

  test.each(["none", "lzw", "deflate"] as const)("a truncated TIFF is refused: %s", async (compression) => {
    const tiff = await noise(60, 40).tiff({ compression }).toBuffer();
    await expect(decode(tiff)).resolves.toHaveLength(3 * 32 * 32);
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      expect(await refusal(tiff.subarray(0, Math.floor(tiff.length * share)))).toContain("cannot be decoded");
    }
  });
});

/** Returns a PNG that declares many gray pixels but contains the data of a few. */
function pngOf(width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const magic = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    magic,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(100))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
