import { createHash } from "node:crypto";
import { type ImageReference, messageOf, MlanError } from "@mlan/core";

/** An image used by requests of one call. References to equal bytes in the same orientation are the same image. */
export interface KnownImage extends ImageReference {
  /** SHA-256 of its bytes, followed by its orientation unless that is "stored". */
  readonly hash: string;
  /** The id of the first request that uses it. */
  readonly request: string;
}

export interface ImageSet {
  /** The distinct images, indexed by their numbers. */
  readonly images: readonly KnownImage[];
  numberOf(reference: ImageReference): number;
}

/** Maximum number of image bytes kept in memory until their pixels are needed; further images are read again. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Reads each reference once and assigns consecutive numbers to the distinct images. */
export async function imageSet(
  requests: readonly { readonly id: string; readonly images: readonly ImageReference[] }[],
  signal?: AbortSignal,
): Promise<ImageSet> {
  const images: KnownImage[] = [];
  const byHash = new Map<string, number>();
  const byReference = new Map<ImageReference, number>();
  let room = KEPT_BYTES;
  for (const { id, images: shown } of requests) {
    for (const reference of shown) {
      if (byReference.has(reference)) continue;
      signal?.throwIfAborted();
      const bytes = await ofRequest({ ...reference, request: id }, () => reference.read());
      const hash = hashOf(reference, bytes);
      const number = byHash.get(hash) ?? images.length;
      byHash.set(hash, number);
      byReference.set(reference, number);
      if (number < images.length) continue;
      images.push(knownImage(reference, { hash, request: id, ...(bytes.length <= room && { bytes }) }));
      if (bytes.length <= room) room -= bytes.length;
    }
  }
  return { images, numberOf: (reference) => byReference.get(reference) ?? -1 };
}

/** Calls `read` and adds the request's id and the image's origin to any error that it throws. */
export async function ofRequest<Value>(
  { name, origin, request }: Pick<KnownImage, "name" | "origin" | "request">,
  read: () => Promise<Value>,
): Promise<Value> {
  try {
    return await read();
  } catch (cause) {
    const known = MlanError.is(cause);
    const reason = messageOf(cause).replace(/[.]$/, "");
    const what = known ? reason : `model-llava: image ${JSON.stringify(name)} cannot be read: ${reason}`;
    const named = origin === undefined ? "" : `, from ${origin}`;
    const message = `${what}. It belongs to request ${JSON.stringify(request)}${named}.`;
    throw new MlanError(known ? cause.code : "unavailable", message, { cause });
  }
}

function knownImage(
  reference: ImageReference,
  { hash, request, bytes }: { readonly hash: string; readonly request: string; readonly bytes?: Uint8Array },
): KnownImage {
  const { name, origin, orientation } = reference;
  let kept = bytes;
  return {
    name,
    ...(origin !== undefined && { origin }),
    ...(orientation && { orientation }),
    hash,
    request,
    async read() {
      const once = kept ?? (await reference.read());
      // Released now, since an image is almost always read only once.
      kept = undefined;
      if (hashOf(reference, once) === hash) return once;
      throw new MlanError(
        "unavailable",
        `model-llava: image ${JSON.stringify(name)} has changed while it was in use. Run again with files that do not change.`,
      );
    },
  };
}

function hashOf({ orientation = "stored" }: ImageReference, bytes: Uint8Array): string {
  const hash = createHash("sha256").update(bytes).digest("hex");
  return orientation === "stored" ? hash : `${hash} ${orientation}`;
}
