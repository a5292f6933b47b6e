import { messageOf } from "@mlan/errors";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Content } from "../contracts/content.ts";
import type { FoundImage, ImageReference } from "../contracts/conversation.ts";
import type { Examples } from "../contracts/dataset.ts";
import { MlanError, shownValue } from "../errors.ts";

/** Number of images checked in parallel. */
const AT_ONCE = 64;
/** Number of examples between pauses that let signals and timers run. */
const BETWEEN_TURNS = 256;

export interface ImageContent extends Content {
  /** Number of images. An image of several examples counts several times. */
  readonly count: number;
}

/** Checks the bytes of an image file; throws when they are not an image. */
export type CheckImage = (image: ImageReference, bytes: Uint8Array) => void;

/**
 * Returns the content of a dataset's images. {@link ImageReference.find} looks up each image; an image without a known
 * digest is read and checked. Throws `invalid-data` for the first missing image, with the number of other missing
 * images.
 */
export async function contentOfImages(
  examples: Examples<unknown>,
  signal?: AbortSignal,
  check?: CheckImage,
): Promise<ImageContent> {
  const hash = createHash("sha256");
  /**
   * Hashes the digests of all lookups. If every lookup returns a digest, the result equals that of
   * {@link digestOfImages}.
   */
  const digests = createHash("sha256");
  let unread = false;
  let unknown = false;
  let count = 0;
  let missing: { readonly first: unknown; count: number } | undefined;
  for await (const images of imagesIn(examples, signal)) {
    count += images.length;
    const outcomes = await Promise.allSettled(images.map((image) => findOrRead(image, check)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "rejected") {
        missing ??= { first: outcome.reason, count: 0 };
        missing.count++;
        continue;
      }
      const { stamp, digest } = outcome.value;
      unknown ||= stamp === "" && digest === undefined;
      unread ||= digest === undefined;
      digests.update(JSON.stringify([images[index]?.name, digest]));
      hash.update(JSON.stringify([images[index]?.name, stamp, digest ?? null]));
    }
  }
  if (missing) throw withCount(missing.first, missing.count - 1);
  const known = unread ? undefined : digests.digest("hex");
  return {
    count,
    stamp: unknown ? "" : hash.digest("hex"),
    digest: async () => known ?? digestOfImages(examples, signal, check),
  };
}

async function digestOfImages(
  examples: Examples<unknown>,
  signal: AbortSignal | undefined,
  check: CheckImage | undefined,
): Promise<string> {
  const hash = createHash("sha256");
  /** Digests by image, because several examples may have the same image. */
  const known = new Map<string, string>();
  for await (const images of imagesIn(examples, signal)) {
    const digests = await Promise.all(images.map((image) => digestOf(image, known, check)));
    for (const [index, digest] of digests.entries()) hash.update(JSON.stringify([images[index]?.name, digest]));
  }
  return hash.digest("hex");
}

async function digestOf(
  image: ImageReference,
  known: Map<string, string>,
  check: CheckImage | undefined,
): Promise<string> {
  const { stamp, digest } = await findOrRead(image, check);
  if (digest !== undefined) return digest;
  const key = JSON.stringify([image.name, stamp]);
  const found = (stamp === "" ? undefined : known.get(key)) ?? (await readDigest(image, check));
  known.set(key, found);
  return found;
}

async function readDigest(image: ImageReference, check: CheckImage | undefined): Promise<string> {
  const bytes = await image.read();
  check?.(image, bytes);
  return sha256(bytes);
}

async function findOrRead(image: ImageReference, check: CheckImage | undefined): Promise<FoundImage> {
  try {
    return image.find ? await image.find() : { stamp: "", digest: await readDigest(image, check) };
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    const place = image.origin === undefined ? "" : `${image.origin}: `;
    const message = `${place}image ${shownValue(image.name)} cannot be read (${messageOf(cause)}).`;
    throw new MlanError("invalid-data", message, { cause });
  }
}

/** Yields the images of all examples in order, in chunks. */
async function* imagesIn(
  examples: Examples<unknown>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ImageReference[], void, undefined> {
  let images: ImageReference[] = [];
  for (let index = 0; index < examples.length; index++) {
    const { images: named }: { readonly images?: readonly ImageReference[] } = Object(await examples.at(index));
    images.push(...(named ?? []));
    if (index % BETWEEN_TURNS === BETWEEN_TURNS - 1) await setImmediate();
    signal?.throwIfAborted();
    if (images.length < AT_ONCE) continue;
    yield images;
    images = [];
  }
  if (images.length > 0) yield images;
}

function withCount(error: unknown, others: number): unknown {
  if (others === 0 || !MlanError.is(error)) return error;
  const more = others === 1 ? "One more image is" : `${others} more images are`;
  return new MlanError(error.code, `${messageOf(error)} ${more} missing too.`, { cause: error });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
