import { createHash } from "node:crypto";
import { type ImageReference, messageOf, MlanError } from "@mlan/core";
import { decodeImage } from "@mlan/images";
import { correlation, hammingDistance, type PictureHash, pictureHash } from "./picture-hash.ts";

export interface ImageHit {
  readonly kind: "same-file" | "same-picture";
  readonly question: number;
  /** The name of the image in the benchmark. */
  readonly name: string;
}

/** The images of all questions. Each distinct file is stored once, as its hashes. */
export interface ImageIndex {
  readonly size: number;
  /** Adds an image of a question. `place` names the question in errors. */
  add(question: number, image: ImageReference, place: string): Promise<void>;
  find(image: ImageReference, place: string): Promise<readonly ImageHit[]>;
}

interface IndexedImage {
  readonly name: string;
  readonly picture: PictureHash | undefined;
  readonly questions: number[];
}

/**
 * Minimum correlation of the 8 x 8 thumbnails of the same picture. Similar hashes do not suffice: simple drawings of
 * different objects in the same places have similar hashes.
 */
const LEAST_CORRELATION = 0.93;

export function createImageIndex(distance: number): ImageIndex {
  const byContent = new Map<string, Promise<IndexedImage>>();
  const images: IndexedImage[] = [];
  return {
    get size() {
      return images.length;
    },
    async add(question, image, place) {
      const bytes = await readImage(image, place);
      const content = contentHash(bytes);
      let indexed = byContent.get(content);
      if (!indexed) {
        indexed = decode(bytes, image, place).then((picture) => ({ name: image.name, picture, questions: [] }));
        byContent.set(content, indexed);
        images.push(await indexed);
      }
      (await indexed).questions.push(question);
    },
    async find(image, place) {
      const bytes = await readImage(image, place);
      const same = await byContent.get(contentHash(bytes));
      if (same) return hits("same-file", same);
      const picture = await decode(bytes, image, place);
      if (!picture) return [];
      // A search tree would save little: thousands of distances take less time than decoding one image.
      return images.filter(isLike(picture, distance)).flatMap((found) => hits("same-picture", found));
    },
  };
}

function isLike(picture: PictureHash, distance: number): (image: IndexedImage) => boolean {
  return ({ picture: other }) =>
    other !== undefined &&
    hammingDistance(picture.bits, other.bits) <= distance &&
    correlation(picture.look, other.look) >= LEAST_CORRELATION;
}

function hits(kind: ImageHit["kind"], { questions, name }: IndexedImage): readonly ImageHit[] {
  return questions.map((question) => ({ kind, question, name }));
}

function contentHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}

async function readImage(image: ImageReference, place: string): Promise<Uint8Array> {
  return image.read().catch((cause: unknown) => {
    const message = `contamination: ${place}: image ${JSON.stringify(image.name)} cannot be read: ${messageOf(cause)}`;
    throw new MlanError(MlanError.is(cause) ? cause.code : "invalid-data", message, { cause });
  });
}

/** Decodes an image, whatever its EXIF orientation, and returns its hash. Undefined for a picture without detail. */
async function decode(bytes: Uint8Array, { name }: ImageReference, place: string): Promise<PictureHash | undefined> {
  return pictureHash(await decodeImage(bytes, { errorPrefix: `contamination: ${place}`, name, orientation: "stored" }));
}
