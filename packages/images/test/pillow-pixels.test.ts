import { decodeImage } from "@mlan/images";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

interface PillowRow {
  readonly name: string;
  /** base64 */
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** The first four pixels. */
  readonly first: readonly number[];
  readonly sha256: string;
}

const FIXTURE = new URL("fixtures/pillow-pixels.json", import.meta.url);
const { rows }: { readonly rows: readonly PillowRow[] } = JSON.parse(readFileSync(FIXTURE, "utf8"));

describe("has Pillow's pixels:", () => {
  test.each(rows)("$name", async ({ name, file, width, height, first, sha256 }) => {
    const image = await decodeImage(Buffer.from(file, "base64"), {
      errorPrefix: "images",
      name,
      orientation: "stored",
    });
    expect({ width: image.width, height: image.height }).toEqual({ width, height });
    expect([...image.data.subarray(0, first.length)]).toEqual(first);
    expect(createHash("sha256").update(image.data).digest("hex")).toBe(sha256);
  });
});

describe("is refused when it is cut short:", () => {
  const formats = rows.filter(({ name }) => /^(?:bmp|p[bgp]m|ico|gif(?! animated)|tiff CMYK|jpeg CMYK)/.test(name));
  test.each(formats)("$name", async ({ name, file }) => {
    const bytes = Buffer.from(file, "base64");
    for (const share of [0.05, 0.3, 0.6]) {
      const decoded = decodeImage(bytes.subarray(0, Math.floor(bytes.length * share)), {
        errorPrefix: "images",
        name,
        orientation: "stored",
      });
      await expect(decoded, `${share} of it`).rejects.toMatchObject({ name: "MlanError", code: "invalid-data" });
    }
  });
});
