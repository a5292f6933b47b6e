import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";

const FOLDER = new URL("fixtures/tokenizer/", import.meta.url);

/** A tokenizer folder and transformers' results for it, recorded by `tools/fixtures/model_llava_tokenizer_kinds.py`. */
export interface RecordedKind {
  readonly name: string;
  /** The folder of fixtures that contains the vocabulary. */
  readonly base: string;
  /**
   * Keys to change in that folder's `tokenizer.json`; null for `tokenizer.model`, and for `vocab.json` with
   * `merges.txt`.
   */
  readonly changes: (Readonly<Record<string, unknown>> & { readonly model?: object }) | null;
  /** Other files, as JSON. */
  readonly files: Readonly<Record<string, unknown>>;
  readonly size: number;
  /** Ids that are put before and after a text. */
  readonly around: readonly [readonly number[], readonly number[]];
  readonly eos: number | null;
  /**
   * A {@link digest} of the ids of {@link kindTexts}, of their decoded text, and of the decoded {@link idSequences}.
   */
  readonly ids: string;
  readonly decoded: string;
  readonly sequences: string;
}

/** Kinds that AutoTokenizer of transformers 5 reads, or the slow LlamaTokenizer of transformers 4. */
export async function recordedKinds(by: "auto" | "slow"): Promise<readonly RecordedKind[]> {
  return JSON.parse(await readFile(new URL(`kinds/${by}.json`, FOLDER), "utf8")).kinds;
}

export async function kindTexts(): Promise<readonly string[]> {
  return JSON.parse(gunzipSync(await readFile(new URL("kinds/texts.json.gz", FOLDER))).toString("utf8"));
}

/** Returns the files of a folder of the kind. */
export async function kindFiles({ base, changes, files }: RecordedKind): Promise<Record<string, string | URL>> {
  const texts = Object.fromEntries(Object.entries(files).map(([name, value]) => [name, JSON.stringify(value)]));
  if (base.startsWith("sentencepiece"))
    return { "tokenizer.model": new URL(`${base}/tokenizer.model`, FOLDER), ...texts };
  const content = JSON.parse(await readFile(new URL(`${base}/tokenizer.json`, FOLDER), "utf8"));
  if (changes) {
    const model = { ...content.model, ...changes.model };
    return { "tokenizer.json": JSON.stringify({ ...content, ...changes, model }), ...texts };
  }
  const merges: readonly (string | string[])[] = content.model.merges;
  const lines = merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" ")));
  return {
    "vocab.json": JSON.stringify(content.model.vocab),
    "merges.txt": ["#version: 0.2", ...lines, ""].join("\n"),
    ...texts,
  };
}

/** Returns ids of all kinds of tokens in any order. */
export function idSequences(size: number): readonly number[][] {
  return Array.from({ length: 500 }, (_, i) =>
    Array.from({ length: 1 + (i % 9) }, (__, j) => (i * 7919 + j * 104_729 + i * j * 31) % size),
  );
}

const BLOCK = 10;

/** Returns three bytes of SHA-256 for every ten rows. */
export function digest(rows: readonly string[]): string {
  const blocks = Array.from({ length: Math.ceil(rows.length / BLOCK) }, (_, place) =>
    createHash("sha256")
      .update(rows.slice(place * BLOCK, (place + 1) * BLOCK).join("\n"))
      .digest()
      .subarray(0, 3),
  );
  return Buffer.concat(blocks).toString("base64");
}
