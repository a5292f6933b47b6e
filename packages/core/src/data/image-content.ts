import { messageOf } from "@mlan/errors";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Content } from "../contracts/content.ts";
import type { FoundImage, ImageReference } from "../contracts/conversation.ts";
import type { Examples } from "../contracts/dataset.ts";
import { MlanError, shownValue } from "../errors.ts";

/** Number of images checked in parallel. */
const AT_ONCE = 64;
/** Number of examples between pauses that let signals and timers run. */
const BETWEEN_TURNS = 256;
/** Number of image folders recorded per dataset. */
const MOST_FOLDERS = 8;
const ROOT = pathToFileURL("/").href;

export interface ImageContent extends Content {
  /** Number of images. An image that occurs in several examples counts several times. */
  readonly count: number;
  /** Number of examples with at least one image. */
  readonly examples: number;
  /** The folders that image names are relative to, as file URLs that end in a slash; for information only. */
  readonly folders: readonly string[];
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
  let withImages = 0;
  const folders = new Set<string>();
  let missing: { readonly first: unknown; count: number } | undefined;
  for await (const { images, examples: shown } of imagesIn(examples, signal)) {
    count += images.length;
    withImages += shown;
    const outcomes = await Promise.allSettled(images.map((image) => findOrRead(image, check)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "rejected") {
        missing ??= { first: outcome.reason, count: 0 };
        missing.count++;
        continue;
      }
      const { stamp, digest, file } = outcome.value;
      if (file !== undefined && folders.size < MOST_FOLDERS) addFolder(folders, file, images[index]?.name);
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
    examples: withImages,
    folders: [...folders],
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
  for await (const { images } of imagesIn(examples, signal)) {
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

/** Adds the folder that an image's name is relative to, if the file's path ends with the name. */
function addFolder(folders: Set<string>, file: string, name: string | undefined): void {
  if (name === undefined || name === "") return;
  const url = pathToFileURL(file).href;
  const end = `/${pathToFileURL(`/${name}`).href.slice(ROOT.length)}`;
  if (url.endsWith(end)) folders.add(url.slice(0, url.length - end.length + 1));
}

/** The images of some consecutive examples, and the number of those examples that have any. */
interface ImageChunk {
  readonly images: readonly ImageReference[];
  readonly examples: number;
}

/** Yields the images of all examples in order, in chunks. */
async function* imagesIn(
  examples: Examples<unknown>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ImageChunk, void, undefined> {
  let images: ImageReference[] = [];
  let shown = 0;
  for (let index = 0; index < examples.length; index++) {
    const { images: named }: { readonly images?: readonly ImageReference[] } = Object(await examples.at(index));
    images.push(...(named ?? []));
    if (named && named.length > 0) shown++;
    if (index % BETWEEN_TURNS === BETWEEN_TURNS - 1) await setImmediate();
    signal?.throwIfAborted();
    if (images.length < AT_ONCE) continue;
    yield { images, examples: shown };
    images = [];
    shown = 0;
  }
  if (images.length > 0) yield { images, examples: shown };
}

function withCount(error: unknown, others: number): unknown {
  if (others === 0 || !MlanError.is(error)) return error;
  const more = others === 1 ? "One more image is" : `${others} more images are`;
  return new MlanError(error.code, `${messageOf(error)} ${more} missing too.`, { cause: error });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
