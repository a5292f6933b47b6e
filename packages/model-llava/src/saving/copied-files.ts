import type { TokenizerKind } from "../tokenizer/tokenizer-kind.ts";
import { fileExists, readCheckpointFile } from "../config/checkpoint-file.ts";
import { type ConfigObject, isObject } from "../config/config-file.ts";
import { CHAT_TEMPLATE, fileAt, furtherTemplates, readChatTemplates } from "../templates/jinja/read-chat-templates.ts";
import { parseJson } from "./json-numbers.ts";
import { COPIED_FILES } from "./model-files.ts";

/** The files of a model, other than weights, that saving copies or rewrites. */
export interface CopiedFiles {
  /** The `config.json` of `weights`. A number that JavaScript would write differently is a {@link JsonNumber}. */
  readonly config: ConfigObject;
  /** The `config.json` of the vision tower's folder, if it exists. */
  readonly tower: ConfigObject | undefined;
  /** Contents of tokenizer, generation and chat template files, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface CopiedFrom {
  readonly weights: URL;
  readonly visionTower?: URL | undefined;
  readonly tokenizer: TokenizerKind;
}

/** Reads the files of folders with valid configurations. */
export async function readCopiedFiles({ weights, visionTower, tokenizer }: CopiedFrom): Promise<CopiedFiles> {
  const files = new Map<string, Uint8Array>();
  for (const name of new Set([...tokenizer.files, ...COPIED_FILES, ...(await furtherTemplates(weights))])) {
    const file = fileAt(name, weights);
    if (await fileExists(file)) files.set(name, await readCheckpointFile(file));
  }
  const template = (await readChatTemplates(weights)).find(({ name }) => name === CHAT_TEMPLATE);
  // processor_config.json is rewritten. Its template moves to a separate file, as in transformers.
  if (template?.file.pathname.endsWith("/processor_config.json"))
    files.set("chat_template.jinja", Buffer.from(template.source));
  return { config: await readConfig(weights), tower: visionTower && (await readConfig(visionTower)), files };
}

async function readConfig(folder: URL): Promise<ConfigObject> {
  const value = parseJson((await readCheckpointFile(new URL("config.json", folder))).toString("utf8"));
  return isObject(value) ? value : {};
}
