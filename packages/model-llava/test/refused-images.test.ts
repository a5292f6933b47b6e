import { MlanError } from "@mlan/core";
import { expectSurvival, mutations } from "@mlan/testing";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { decode, refusal, noise } from "./decode-image.ts";

const FIXTURES = new URL("fixtures/images/", import.meta.url);

describe("an unsupported file is named:", () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10"/></svg>';
  test.each([
    ["an SVG or other XML", svg],
    ["an SVG or other XML", `\uFEFF<?xml version="1.0"?>\n<!-- drawn -->${svg}`],
    ["a web page (HTML)", "\n<!DOCTYPE html><title>404</title>"],
    ["a web page (HTML)", "<html>404</html>"],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5\n"],
    ["empty (0 bytes)", ""],
    ["an AVIF, whose colors depend on the program that decodes it", "\0\0\0\x1cftypavif\0\0\0\0avif"],
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
      "it is a TIFF of 16-bit gray whose white is 0, which programs read differently",
    );
  });
});

/** Returns a file of the fixture that was made with Pillow. */
async function ofPillow(name: string): Promise<Uint8Array> {
  const { rows } = JSON.parse(
    await readFile(new URL("../../images/test/fixtures/pillow-pixels.json", import.meta.url), "utf8"),
  );
  return Buffer.from(rows.find((row: { readonly name: string }) => row.name === name).file, "base64");
}

/** Returns a gray TIFF as Pillow writes it: its directory first, its pixels last. */
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
