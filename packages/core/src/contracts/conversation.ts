/** An image that is read only when it is needed. */
export interface ImageReference {
  /** Identifies the image in errors and caches, e.g. the path below the image folder or a row id. */
  readonly name: string;
  /**
   * Location of the image's name in the data, for errors, e.g. `data-pope: test.jsonl row 9 (line 10), column "image"`.
   */
  readonly origin?: string;
  /**
   * "stored" (default): pixels as stored, whatever the EXIF orientation. "upright": pixels rotated or mirrored
   * according to the EXIF orientation.
   */
  readonly orientation?: "stored" | "upright";
  /** Returns the encoded file (PNG, JPEG, ...). Throws `invalid-data` when the file cannot be read. */
  read(): Promise<Uint8Array>;
  /**
   * Checks that the image exists, without reading it. A run calls `find` before its first stage, and `read` for images
   * without `find`. Throws `invalid-data` when there is no image.
   */
  find?(): Promise<FoundImage>;
}

/** What is known about an image without reading it. */
export interface FoundImage {
  /** Made from size and modification times. An equal stamp means an unchanged image; "" means unknown. */
  readonly stamp: string;
  /**
   * A known checksum of the image, or "" if the dataset's fingerprint covers the image's bytes. Without a digest, the
   * image is read and hashed.
   */
  readonly digest?: string;
  /** Path of the image's own file. Absent when the image is inside another file. */
  readonly file?: string;
}

/** Marks where an image goes in a prompt or turn: the n-th placeholder is replaced by the n-th image. */
export const IMAGE_PLACEHOLDER = "<image>";

export interface Turn {
  /** Only the first turn of a conversation may be a system turn. Its text replaces the template's system prompt. */
  readonly role: "system" | "user" | "assistant";
  /**
   * {@link IMAGE_PLACEHOLDER} marks where an image goes in user turns if the conversation has images. Elsewhere the
   * placeholder is plain text.
   */
  readonly text: string;
  /**
   * Whether the tokens of this assistant turn contribute to the training loss. Default true. Turns of other roles never
   * contribute.
   */
  readonly supervised?: boolean;
}

/**
 * One example of a tuning dataset: at most one system turn, then user and assistant turns in alternation, ending with
 * an assistant turn.
 */
export interface Conversation {
  /** Unique within its dataset. */
  readonly id: string;
  readonly turns: readonly Turn[];
  /** Empty for a language-only conversation. */
  readonly images: readonly ImageReference[];
}
