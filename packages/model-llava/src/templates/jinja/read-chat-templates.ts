import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";
import { z } from "zod";
import { fileExists, readCheckpointFile } from "../../config/checkpoint-file.ts";
import { checkConfig, type ConfigObject, readConfigFile } from "../../config/config-file.ts";
import type { ChatTemplateSource } from "./chat-template.ts";

/** The name of a model's main chat template. Other names have a suffix, e.g. "chat_template:rag". */
export const CHAT_TEMPLATE = "chat_template";

/** The folder of a model's further chat templates, one file each. */
export const TEMPLATES_FOLDER = "additional_chat_templates/";

/**
 * Reads the chat templates of a folder. Searches in the order of transformers: `chat_template.jinja` and
 * `additional_chat_templates`, a processor's template (`chat_template.json`, `processor_config.json`),
 * `tokenizer_config.json`. Throws `invalid-checkpoint` for invalid contents.
 */
export async function readChatTemplates(folder: URL): Promise<readonly ChatTemplateSource[]> {
  const [own, legacy, processor, tokenizer, map] = await Promise.all(
    [
      "chat_template.jinja",
      "chat_template.json",
      "processor_config.json",
      "tokenizer_config.json",
      "special_tokens_map.json",
    ].map(async (name) => {
      const file = new URL(name, folder);
      return (await fileExists(file)) ? file : undefined;
    }),
  );
  const found =
    (await ownTemplates(folder, own)) ??
    (await templatesIn(legacy)) ??
    (await templatesIn(processor)) ??
    (await templatesIn(tokenizer));
  if (!found) return [];
  const configs = await Promise.all([map, tokenizer].map(async (file) => (file ? readConfigFile(file) : {})));
  const common = {
    file: found.file,
    specialTokens: Object.assign({}, ...configs.map(specialTokens)),
    imageToken: IMAGE_TOKEN,
  };
  return Object.entries(found.templates).map(([name, source]) => ({
    name: name === "default" ? CHAT_TEMPLATE : `${CHAT_TEMPLATE}:${name}`,
    source,
    ...common,
  }));
}

/** The text that LLaVA's processor writes for an image. */
const IMAGE_TOKEN = "<image>";

export async function furtherTemplates(folder: URL): Promise<readonly string[]> {
  const entries = await readdir(new URL(TEMPLATES_FOLDER, folder)).catch(() => []);
  return entries.filter((name) => name.endsWith(JINJA)).map((name) => TEMPLATES_FOLDER + name);
}

const JINJA = ".jinja";

async function ownTemplates(folder: URL, own: URL | undefined): Promise<FoundTemplates | undefined> {
  const templates: Record<string, string> = {};
  if (own) templates["default"] = (await readCheckpointFile(own)).toString("utf8");
  let first = own;
  for (const path of (await furtherTemplates(folder)).toSorted()) {
    const file = fileAt(path, folder);
    templates[path.slice(TEMPLATES_FOLDER.length, -JINJA.length)] = (await readCheckpointFile(file)).toString("utf8");
    first ??= file;
  }
  return first && { file: first, templates };
}

/** Returns the URL of a file. `path` is relative to `folder` and uses slashes. */
export function fileAt(path: string, folder: URL): URL {
  return new URL(path.split("/").map(encodeURIComponent).join("/"), folder);
}

interface FoundTemplates {
  readonly file: URL;
  readonly templates: Readonly<Record<string, string>>;
}

async function templatesIn(file: URL | undefined): Promise<FoundTemplates | undefined> {
  const { chat_template: found } = file ? checkConfig(schema, await readConfigFile(file), file) : {};
  if (!file || found == null) return undefined;
  if (typeof found === "string") return { file, templates: { default: found } };
  const named = Array.isArray(found) ? Object.fromEntries(found.map(({ name, template }) => [name, template])) : found;
  if (Object.keys(named).length > 0) return { file, templates: named };
  const message = `model-llava: ${pathOf(file)}: key "chat_template" names no template. Remove the key, or write one.`;
  throw new MlanError("invalid-checkpoint", message);
}

const schema = z.object({
  chat_template: z
    .union([
      z.string(),
      z.array(z.object({ name: z.string(), template: z.string() })),
      z.record(z.string(), z.string()),
    ])
    .nullish(),
});

/** Returns the values of `bos_token` and similar keys. Templates use these names as variables. */
function specialTokens(config: ConfigObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) => {
      const content: unknown = typeof value === "string" ? value : Object(value).content;
      return key.endsWith("_token") && typeof content === "string" ? [[key, content]] : [];
    }),
  );
}
