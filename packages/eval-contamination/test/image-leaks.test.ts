import { type ImageReference, MlanError, type Random, seededRandom } from "@mlan/core";
import { contamination } from "@mlan/eval-contamination";
import { memoryBenchmark, memoryDataset } from "@mlan/testing";
import sharp, { type Sharp } from "sharp";
import { expect, it } from "vitest";
import { conversation } from "./synthetic-text.ts";

/** The ways in which a copy of a picture may occur in the tuning data. */
const COPIES: Readonly<Record<string, (image: Sharp, width: number, height: number) => Sharp>> = {
  "JPEG of quality 90": (image) => image.jpeg({ quality: 90 }),
  "JPEG of quality 50": (image) => image.jpeg({ quality: 50 }),
  WebP: (image) => image.webp({ quality: 60 }),
  "half as large": (image, width) => image.resize(width / 2).jpeg({ quality: 75 }),
  "twice as large": (image, width) => image.resize(width * 2).png(),
  "square, as models take it": (image) => image.resize(336, 336, { fit: "fill" }).jpeg(),
  brighter: (image) => image.modulate({ brightness: 1.1 }).jpeg(),
  darker: (image) => image.linear(0.8, 0).png(),
  transparent: (image) => image.ensureAlpha(0.5).png(),
  cropped: (image, width, height) => image.extract({ left: 4, top: 3, width: width - 8, height: height - 6 }).png(),
};

const EACH = 20;
const WIDTH = 320;
const HEIGHT = 240;

it("finds files under other names and pictures that were scaled, compressed or lightened", async () => {
  const random = seededRandom(3);
  const kinds = ["same file", ...Object.keys(COPIES)];
  const pictures = await Promise.all(Array.from({ length: EACH * kinds.length }, () => draw(random)));
  const questions = pictures.map((picture, index) => ({
    id: String(index),
    text: `<image>\nIs there thing ${index} in the image?`,
    target: "yes",
    images: [image(`question-${index}.png`, picture)],
  }));
  const copies = await Promise.all(
    pictures.slice(EACH).map(async (picture, index) => {
      const copy = COPIES[kinds[1 + Math.floor(index / EACH)] ?? ""];
      return copy ? copy(sharp(picture), WIDTH, HEIGHT).toBuffer() : picture;
    }),
  );
  const others = await Promise.all(Array.from({ length: 600 }, () => draw(random)));
  const leaks = [...pictures.slice(0, EACH), ...copies].map((bytes, index) =>
    conversation(`leak-${index}`, "<image>\nDescribe.", "A drawing.", [image(`tuning-${index}.jpg`, bytes)]),
  );
  // Half of the questions have no copy in the mixture.
  const unseen = await Promise.all(
    Array.from({ length: pictures.length }, async (_, index) => ({
      id: `unseen-${index}`,
      text: "<image>\nIs there a ring in the image?",
      target: "yes",
      images: [image(`unseen-${index}.png`, await draw(random))],
    })),
  );
  const unrelated = others.map((bytes, index) =>
    conversation(`other-${index}`, "<image>\nDescribe.", "A drawing.", [image(`other-${index}.png`, bytes)]),
  );
  const { benchmarks } = await contamination({
    mixture: memoryDataset("mixture", [...unrelated.slice(0, 300), ...leaks, ...unrelated.slice(300)]),
    benchmarks: [memoryBenchmark("pictures", [...questions, ...unseen])],
  });

  const found = benchmarks[0]?.contaminated ?? [];
  const right = found.filter(({ id, leaks }) => leaks.every(({ example }) => example === `leak-${id}`));
  expect(right.length / leaks.length).toBeGreaterThanOrEqual(0.99);
  expect(right).toHaveLength(found.length);
  const files = found.filter(({ leaks }) => leaks.some(({ kind }) => kind === "same-file"));
  expect(files.map(({ id }) => id)).toEqual(Array.from({ length: EACH }, (_, index) => String(index)));
  expect(files[3]?.leaks[0]).toEqual({
    kind: "same-file",
    example: "leak-3",
    index: 303,
    match: "question-3.png = tuning-3.jpg",
  });
});

it("takes plain areas as equal only when their bytes are", async () => {
  const area = (color: string): Promise<Buffer> =>
    sharp({ create: { width: 64, height: 64, channels: 3, background: color } })
      .png()
      .toBuffer();
  const [white, grey] = [await area("white"), await area("#eee")];
  const questions = [{ id: "white", text: "What is it?", target: "x", images: [image("white.png", white)] }];
  const look = async (bytes: Uint8Array): Promise<unknown> => {
    const mixture = memoryDataset("mixture", [conversation("it", "<image>", "A wall.", [image("it.png", bytes)])]);
    const { benchmarks } = await contamination({ mixture, benchmarks: [memoryBenchmark("walls", questions)] });
    return benchmarks[0]?.contaminated.flatMap(({ leaks }) => leaks.map(({ kind }) => kind));
  };
  expect(await look(grey)).toEqual([]);
  expect(await look(white)).toEqual(["same-file"]);
});

it("does not read the mixture's images when no benchmark has any", async () => {
  const unreadable: ImageReference = { name: "gone.png", read: () => Promise.reject(new Error("not there")) };
  const mixture = memoryDataset("mixture", [conversation("it", "<image>\nWhat is it?", "A wall.", [unreadable])]);
  const questions = [{ id: "1", text: "who ate the last piece of the very large cake", target: "x", images: [] }];
  const { benchmarks } = await contamination({ mixture, benchmarks: [memoryBenchmark("cakes", questions)] });
  expect(benchmarks[0]?.contaminated).toEqual([]);
});

it.each([
  ["is not there", "read", (): Promise<Uint8Array> => Promise.reject(new MlanError("unavailable", "the disk is gone"))],
  ["is no image", "decoded", async (): Promise<Uint8Array> => new TextEncoder().encode("no image")],
  ["is cut short", "decoded", async (): Promise<Uint8Array> => (await draw(seededRandom(1))).subarray(0, 600)],
])("names the example and the image that %s", async (_, verb, read) => {
  const good = image("good.png", await draw(seededRandom(9)));
  const question = { id: "q", text: "What is it?", target: "x", images: [good] };
  const talk = conversation("talk-1", "<image>\nWhat?", "It.", [{ name: "bad.png", read }]);
  const inMixture = contamination({
    mixture: memoryDataset("mixture", [conversation("talk-0", "Hello", "Hello"), talk]),
    benchmarks: [memoryBenchmark("pictures", [question])],
  });
  await expect(inMixture).rejects.toThrow(`example 1 ("talk-1") of mixture: image "bad.png" cannot be ${verb}`);
  const inBenchmark = contamination({
    mixture: memoryDataset("mixture", [talk]),
    benchmarks: [memoryBenchmark("pictures", [{ ...question, images: [{ name: "bad.png", read }] }])],
  });
  await expect(inBenchmark).rejects.toThrow(`question 0 ("q") of pictures: image "bad.png" cannot be ${verb}`);
});

it("reads every kind of image that models read, such as a BMP", async () => {
  const png = await draw(seededRandom(5));
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const bitmap = image("it.bmp", bmpOf(data, info.width, info.height));
  const mixture = memoryDataset("mixture", [conversation("it", "<image>", "Shapes.", [bitmap])]);
  const question = { id: "q", text: "What is it?", target: "x", images: [image("it.png", png)] };
  const { benchmarks } = await contamination({ mixture, benchmarks: [memoryBenchmark("pictures", [question])] });
  expect(benchmarks[0]?.contaminated.flatMap(({ leaks }) => leaks.map(({ kind }) => kind))).toEqual(["same-picture"]);
});

/** Returns a BMP with 24 bits per pixel: rows from the bottom, blue first, each row padded to a multiple of 4 bytes. */
function bmpOf(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const stride = Math.ceil((3 * width) / 4) * 4;
  const bmp = Buffer.alloc(54 + stride * height);
  bmp.write("BM", "latin1");
  const header = { 10: 54, 14: 40, 18: width, 22: height, 26: 1 | (24 << 16) };
  for (const [offset, value] of Object.entries(header)) bmp.writeUInt32LE(value, Number(offset));
  for (let pixel = 0; pixel < width * height; pixel++) {
    const row = height - 1 - Math.floor(pixel / width);
    bmp.set(rgb.slice(3 * pixel, 3 * pixel + 3).reverse(), 54 + row * stride + (pixel % width) * 3);
  }
  return bmp;
}

function image(name: string, bytes: Uint8Array): ImageReference {
  return { name, read: async () => bytes };
}

/** Draws a few circles and squares on a light background. */
function draw(random: Random): Promise<Buffer> {
  const color = (): string => `hsl(${random.below(360)}, 80%, ${20 + random.below(50)}%)`;
  const things = Array.from({ length: 3 + random.below(5) }, () => {
    const place = `x="${random.below(WIDTH)}" y="${random.below(HEIGHT)}"`;
    if (random.below(2) === 0) {
      return `<rect ${place} width="${20 + random.below(120)}" height="${20 + random.below(100)}" fill="${color()}"/>`;
    }
    return `<circle cx="${random.below(WIDTH)}" cy="${random.below(HEIGHT)}" r="${10 + random.below(60)}" fill="${color()}"/>`;
  });
  const ground = `<rect width="${WIDTH}" height="${HEIGHT}" fill="hsl(${random.below(360)}, 30%, 80%)"/>`;
  const size = `width="${WIDTH}" height="${HEIGHT}"`;
  return sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${size}>${ground}${things.join("")}</svg>`))
    .removeAlpha()
    .png()
    .toBuffer();
}
