import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadTokenizer, type Tokenizer } from "@mlan/model-llava";
import { onTestFinished } from "vitest";

export const tinySentencePiece = new URL("fixtures/tokenizer/sentencepiece/tokenizer.model", import.meta.url);
export const tinyJson = new URL("fixtures/tokenizer/json/tokenizer.json", import.meta.url);

/** Llama 2's own tokenizer is not in the repository, because of Meta's license. */
export const llama2File: URL = process.env["MLAN_LLAMA2_TOKENIZER"]
  ? pathToFileURL(process.env["MLAN_LLAMA2_TOKENIZER"])
  : new URL("../../../../shared/data/llama2-tokenizer/tokenizer.model", import.meta.url);
export const hasLlama2: boolean = existsSync(llama2File);
if (!hasLlama2) {
  console.warn(
    `Skips the golden vectors of Llama 2: no ${llama2File.pathname}. Name a tokenizer.model in MLAN_LLAMA2_TOKENIZER.`,
  );
}

type Files = Readonly<Record<string, string | Uint8Array | URL>>;

/**
 * Creates a folder in Hugging Face layout with the given files, removed after the test. Texts are written, URLs copied.
 */
export async function folderOf(files: Files): Promise<URL> {
  const folder = await writeFolder(files);
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function writeFolder(files: Files): Promise<URL> {
  const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-tokenizer-"))}/`);
  for (const [name, content] of Object.entries(files)) {
    const file = new URL(name, folder);
    await (content instanceof URL ? copyFile(content, file) : writeFile(file, content));
  }
  return folder;
}

/** What `tokenizerOf` has loaded in this process: reading Llama 2's takes a second. */
const loaded = new Map<string, Promise<Tokenizer>>();

/** Loads the tokenizer of one file, with the given `legacy` flag. The same arguments give the same tokenizer. */
export function tokenizerOf(file: URL, legacy: boolean): Promise<Tokenizer> {
  const key = `${file.href} ${legacy}`;
  const known = loaded.get(key);
  if (known) return known;
  const name = file.pathname.slice(file.pathname.lastIndexOf("/") + 1);
  const tokenizer = loadFrom({ [name]: file, "tokenizer_config.json": JSON.stringify({ legacy }) }, loadTokenizer);
  loaded.set(key, tokenizer);
  return tokenizer;
}

/** Returns the result of `load` for a folder with the given files, which is then removed. */
export async function loadFrom(files: Files, load: (folder: URL) => Promise<Tokenizer>): Promise<Tokenizer> {
  const folder = await writeFolder(files);
  try {
    return await load(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface ExpectedRow {
  readonly text: string;
  readonly ids: readonly number[];
  readonly legacyIds: readonly number[];
  readonly decoded: string;
  /** Ids with special tokens treated as text. */
  readonly literalIds: readonly number[];
  /** Ids of the fast tokenizer. */
  readonly fastIds: readonly number[];
}

interface Expected {
  readonly rows: readonly ExpectedRow[];
  readonly bytes: readonly { readonly ids: readonly number[]; readonly decoded: string }[];
}

/** Values recorded by `tools/fixtures/model_llava_tokenizer.py`. */
export async function expected(name: "tiny" | "llama2"): Promise<Expected> {
  return JSON.parse(await readFile(new URL(`fixtures/tokenizer/${name}.json`, import.meta.url), "utf8"));
}
