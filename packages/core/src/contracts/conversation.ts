/** A reference to an image: nothing is read or decoded before it is needed. */
export interface ImageReference {
  /** Names the image in errors and caches, e.g. the path below the image folder or a row id. */
  readonly name: string;
  /**
   * The place in the data that names the image, for errors, e.g. `data-pope: test.jsonl row 9 (line 10), column
   * "image"`.
   */
  readonly origin?: string;
  /**
   * "stored" (default): pixels as stored, whatever the EXIF orientation. "upright": pixels rotated or mirrored
   * according to the EXIF orientation.
   */
  readonly orientation?: "stored" | "upright";
  /** The encoded file (PNG, JPEG, ...). Throws an `invalid-data` error when it cannot be read. */
  read(): Promise<Uint8Array>;
  /**
   * Checks that the image exists without reading it; a run calls this before its first stage. Throws an `invalid-data`
   * error when there is no image. When absent, the image is read instead.
   */
  find?(): Promise<FoundImage>;
}

/** What is known about an image without reading it. */
export interface FoundImage {
  /** Made from size and modification times: while it stays the same, the image is unchanged. "" means unknown. */
  readonly stamp: string;
  /**
   * Identifies the image's bytes without reading them: a known checksum, or "" when the dataset's fingerprint covers
   * them. When absent, the bytes are read and hashed.
   */
  readonly digest?: string;
}

/** Marks the place of one image in a prompt or turn; the n-th placeholder is the n-th image. */
export const IMAGE_PLACEHOLDER = "<image>";

export interface Turn {
  /** "system" only in the first turn of a conversation: its text replaces the template's system prompt. */
  readonly role: "system" | "user" | "assistant";
  /**
   * {@link IMAGE_PLACEHOLDER} marks an image only in a user turn of a conversation or prompt with images; elsewhere it is
   * plain text.
   */
  readonly text: string;
  /**
   * Whether this assistant turn contributes to the training loss; default true. Otherwise it is only context for later
   * turns. Turns of other roles never contribute.
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
  /** Empty for language-only conversations, which never run the vision tower. */
  readonly images: readonly ImageReference[];
}
