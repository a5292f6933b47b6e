/** An image by reference: nothing is read or decoded before it is needed. */
export interface ImageReference {
  /** Names the image in errors and caches, e.g. the path below the image folder or a row id. */
  readonly name: string;
  /** Where data name the image, for errors, e.g. `data-pope: test.jsonl row 9 (line 10), column "image"`. */
  readonly origin?: string;
  /**
   * How its pixels are turned: as they are stored, whatever its EXIF orientation says, or upright, as that says. Default
   * "stored".
   */
  readonly orientation?: "stored" | "upright";
  /** The encoded file (PNG, JPEG, ...). Throws an `invalid-data` error when it cannot be had. */
  read(): Promise<Uint8Array>;
  /**
   * Looks for the image without reading it, as a run does before its first stage. Throws an `invalid-data` error when
   * there is no image. Without this, the image is read instead.
   */
  find?(): Promise<FoundImage>;
}

/** What is known of an image that was not read. */
export interface FoundImage {
  /** From size and times: while it stays the same, nobody touched the image. "" means unknown. */
  readonly stamp: string;
  /**
   * Names the image's bytes, where that can be had without reading them: a checksum, or "" where the fingerprint of the
   * dataset covers them. Absent: the bytes are hashed.
   */
  readonly digest?: string;
}

/** The text in a prompt or turn that stands for one image, in order of the images. */
export const IMAGE_PLACEHOLDER = "<image>";

export interface Turn {
  /** "system" only in the first turn of a conversation: its text takes the place of the template's system prompt. */
  readonly role: "system" | "user" | "assistant";
  /** Holds {@link IMAGE_PLACEHOLDER}s only in a user's turn of a conversation that has images; else they are text. */
  readonly text: string;
  /**
   * Whether training learns an assistant's turn; default true. One that is not learned is context for those behind it. Of
   * other roles nothing is ever learned.
   */
  readonly learned?: boolean;
}

/**
 * What a tuning dataset yields: at most one system turn, then alternating turns, the first by the user, the last by the
 * assistant.
 */
export interface Conversation {
  /** Unique within its dataset. */
  readonly id: string;
  readonly turns: readonly Turn[];
  /** Empty for language-only conversations; these never cause vision work. */
  readonly images: readonly ImageReference[];
}
