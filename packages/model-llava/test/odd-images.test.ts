import { MlanError, seededRandom } from "@mlan/core";
import { clipImageProcessor } from "#internal/images/image-processor.ts";
import { preprocessImage } from "#internal/images/preprocess-image.ts";
import { expectSurvival, mutations } from "@mlan/testing";
import { readFile } from "node:fs/promises";
import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";

const FIXTURES = new URL("fixtures/images/", import.meta.url);
const PROCESSOR = clipImageProcessor(32);
/** The colour of CLIP's mean, as `expand2square` rounds it. */
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
    // KiB; the square of 16,000 pixels is 750,000.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(300_000);
  });
});

describe("EXIF orientation", () => {
  const [width, height] = [5, 3];
  const stored = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 53) % 251);
  /** Where the pixel (x, y) of the upright image is stored. */
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

describe("an unsupported file is named:", () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10"/></svg>';
  test.each([
    ["an SVG or other XML", svg],
    ["an SVG or other XML", `\uFEFF<?xml version="1.0"?>\n<!-- drawn -->${svg}`],
    ["a web page (HTML)", "\n<!DOCTYPE html><title>404</title>"],
    ["a web page (HTML)", "<html>404</html>"],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5\n"],
    ["empty (0 bytes)", ""],
    ["an AVIF, whose colours depend on the program that decodes it", "\0\0\0\x1cftypavif\0\0\0\0avif"],
    ["a PAM", "P7\nWIDTH 60\n"],
    ["a PFM", "Pf\n60 40\n-1.0\n"],
    ["a Windows cursor (CUR)", "\0\0\x02\0\x01\0"],
    ["a TGA", `\0\0\x02${"\0".repeat(9)}\x0c\0\x09\0\x18\0`],
    ["a JPEG 2000", "\0\0\0\x0cjP  \r\n"],
    ["a HEIC", "\0\0\0\x18ftypheic\0\0\0\0mif1heic"],
    ["a PDF", "%PDF-1.7"],
    ["a zip archive", "PK\x03\x04"],
    ["in no known format", "no image"],
  ])("%s", async (description, text) => {
    const bytes = text.startsWith("\uFEFF") ? Buffer.from(text) : Buffer.from(text, "latin1");
    const message = await refusal(bytes);
    expect(message).toContain(`image "a.png" cannot be decoded: it is ${description}`);
    expect(message).toContain("; PNG, JPEG, WebP, GIF, TIFF, BMP, PNM and ICO are supported. Replace or remove it.");
  });

  test("an SVG after the first bytes of a GIF is not rendered", async () => {
    expect(await refusal(Buffer.from(`GIF89a${svg}`))).toContain("cannot be decoded");
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

test("a TIFF whose pixels follow its directory is refused when they are truncated", async () => {
  const tiff = tiffOf(40, 30);
  await expect(decode(tiff)).resolves.toHaveLength(3 * 32 * 32);
  for (const lost of [1, 100, 1000, 1200]) {
    expect(await refusal(tiff.subarray(0, tiff.length - lost))).toContain("cannot be decoded");
  }
});

describe("mutated images give an image or one error:", () => {
  const makers: Readonly<Record<string, () => Promise<Uint8Array>>> = {
    png: () => readFile(new URL("palette.png", FIXTURES)),
    "16-bit png": () => noise(40, 31).toColourspace("rgb16").png().toBuffer(),
    jpeg: () => readFile(new URL("subsampled.jpg", FIXTURES)),
    "progressive jpeg": () => readFile(new URL("progressive.jpg", FIXTURES)),
    gif: () => readFile(new URL("palette.gif", FIXTURES)),
    webp: () => readFile(new URL("lossy.webp", FIXTURES)),
    "lossless webp": () => noise(40, 31).webp({ lossless: true }).toBuffer(),
    tiff: () => noise(40, 31).tiff({ compression: "none" }).toBuffer(),
    "compressed tiff": () => noise(40, 31).tiff({ compression: "lzw" }).toBuffer(),
    bmp: () => ofPillow("bmp 8-bit from the top"),
    "bmp RLE8": () => ofPillow("bmp RLE8"),
    "bmp RLE4": () => ofPillow("bmp RLE4"),
    "bmp 32-bit": () => ofPillow("bmp 32-bit, red last"),
    ppm: () => ofPillow("ppm of 7 bits"),
    "pgm in words": () => ofPillow("pgm 16-bit in words"),
    "pbm in words": () => ofPillow("pbm in words"),
    "ico of PNG": () => ofPillow("ico of PNG"),
    "ico of several sizes": () => ofPillow("ico of several sizes"),
    "gif, frame inside of the canvas": () => ofPillow("gif, frame inside of the canvas"),
    "tiff CMYK": () => ofPillow("tiff CMYK"),
    "tiff 16-bit grey": () => ofPillow("tiff 16-bit grey"),
  };
  test.each(Object.keys(makers))("60 of a %s", async (kind) => {
    const original = await makers[kind]!();
    await expectSurvival(mutations(original, 60, 11), {
      attempt: decode,
      isTyped: (error) => MlanError.is(error, "invalid-data"),
    });
  });
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

/** Returns a file of the fixture that was made with Pillow. */
async function ofPillow(name: string): Promise<Uint8Array> {
  const { rows } = JSON.parse(await readFile(new URL("fixtures/pillow-pixels.json", import.meta.url), "utf8"));
  return Buffer.from(rows.find((row: { readonly name: string }) => row.name === name).file, "base64");
}

function decode(bytes: Uint8Array): Promise<Float32Array> {
  return preprocessImage(bytes, { processor: PROCESSOR, aspectRatio: "pad", name: "a.png" });
}

async function refusal(bytes: Uint8Array): Promise<string> {
  const error: unknown = await decode(bytes).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "MlanError", code: "invalid-data" });
  return Object(error).message;
}

function noise(width: number, height: number): Sharp {
  const random = seededRandom(width * 1000 + height);
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.below(256));
  return sharp(data, { raw: { width, height, channels: 3 } });
}

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

/** Returns a PNG that declares many grey pixels but contains the data of a few. */
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
