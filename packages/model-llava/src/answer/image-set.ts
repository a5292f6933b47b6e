import { createHash } from "node:crypto";
import { type ImageReference, messageOf, MlanError } from "@mlan/core";

/** An image used by requests of one call. References to equal bytes with the same orientation are one image. */
export interface KnownImage extends ImageReference {
  /** SHA-256 of the bytes, followed by the orientation unless that is "stored". */
  readonly hash: string;
  /** Id of the first request with this image. */
  readonly request: string;
}

export interface ImageSet {
  /** The distinct images. A request refers to an image by its index here. */
  readonly images: readonly KnownImage[];
  numberOf(reference: ImageReference): number;
}

/** Maximum number of image bytes held until the pixels are needed. Images beyond it are read again. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Reads each reference once and numbers the distinct images. */
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

/** Calls `read`. Adds the request's id and the image's origin to any error. */
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
      // Freed now, because an image is seldom read twice.
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
