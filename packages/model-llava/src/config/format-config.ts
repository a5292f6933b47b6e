import { type ConversationFormat, MlanError, pathOf, shownValue } from "@mlan/core";
import { z } from "zod";
import type { Architecture } from "../architectures/architecture.ts";
import { CHAT_TEMPLATE } from "../templates/jinja/read-chat-templates.ts";
import { plain } from "../templates/plain.ts";
import { templatesOf } from "../templates/template-by-name.ts";
import type { CheckpointType } from "./checkpoint-type.ts";
import { checkConfig, type ConfigObject } from "./config-file.ts";
import { type LanguageConfig, trainedPositions } from "./language-config.ts";

/** MLAN's default `model_max_length` (arXiv 2411.10557, scripts/train). */
const DEFAULT_MAXIMUM_LENGTH = 2048;

export interface FormatQuestion {
  readonly type: CheckpointType;
  readonly architecture: Architecture;
  readonly file: URL;
  /** Names of the chat templates in the checkpoint's folder. */
  readonly chatTemplates: readonly string[];
  /** The template that the user chose, if any. */
  readonly named: string | undefined;
}

/**
 * Returns the conversation format of a checkpoint. Its template is the user's choice, or the one in `config.json`. The
 * default is "plain" for a plain backbone, and the folder's chat template for LLaVA. Throws `invalid-checkpoint` for a
 * LLaVA checkpoint without any template.
 */
export function formatConfig(
  value: ConfigObject,
  { type, architecture, file, chatTemplates, named }: FormatQuestion,
): ConversationFormat {
  const config = checkConfig(schema, value, file);
  const names = [...templatesOf(architecture).map(({ name }) => name), ...chatTemplates];
  const own = type === "plain" ? plain.name : chatTemplates.find((name) => name === CHAT_TEMPLATE);
  const template = named ?? config.mlan_template ?? own;
  const invalid = (problem: string): MlanError =>
    new MlanError("invalid-checkpoint", `model-llava: ${pathOf(file)}: ${problem}.`);
  if (template === undefined)
    throw invalid(
      "it does not name the template of the model's tuning, and its folder has no chat template. " +
        `Name it in the option "template" (on the command line: --template), one of ${names.join(", ")}; LLaVA-1.5 and MLAN's models use v1`,
    );
  if (!names.includes(template)) {
    const key = named === undefined ? 'key "mlan_template"' : 'the option "template"';
    throw invalid(`${key} is ${shownValue(template)} (expected one of ${names.join(", ")})`);
  }
  return {
    template,
    imageAspectRatio: config.image_aspect_ratio ?? (type === "plain" ? "pad" : "square"),
    maximumLength:
      config.tokenizer_model_max_length ?? Math.min(DEFAULT_MAXIMUM_LENGTH, config.max_position_embeddings),
  };
}

/**
 * Throws `invalid-options` for a maximum length beyond the trained context length of a model with dynamic rotary
 * scaling: the scaling would depend on the length of each batch.
 */
export function checkLength({ maximumLength }: ConversationFormat, language: LanguageConfig): void {
  const trained = trainedPositions(language);
  if (language.ropeScaling?.type !== "dynamic" || maximumLength <= trained) return;
  const limit = `the model has dynamically scaled rotary positions, with which training supports up to ${trained} positions`;
  throw new MlanError("invalid-options", `model-llava: maximumLength is ${maximumLength}, but ${limit}. Lower it.`);
}

/** The template of a checkpoint's last training by mlan. */
export interface StoredTemplate {
  readonly name: string;
  /** Fingerprint of the template, see `templateFingerprint`. Earlier versions did not write it. */
  readonly fingerprint: string | undefined;
}

export function storedTemplate(config: ConfigObject): StoredTemplate | undefined {
  const { mlan_template: name, mlan_template_fingerprint: fingerprint } = templateKeys.safeParse(config).data ?? {};
  return typeof name === "string" ? { name, fingerprint: fingerprint ?? undefined } : undefined;
}

/** Returns `config` with the conversation format of `other` if mlan wrote `other`; otherwise `config` unchanged. */
export function withStoredFormat(config: ConfigObject, other: ConfigObject): ConfigObject {
  if (!storedTemplate(other)) return config;
  const without = (from: ConfigObject, isLeft: (key: string) => boolean): ConfigObject =>
    Object.fromEntries(Object.entries(from).filter(([key]) => isLeft(key)));
  return { ...without(config, (key) => !FORMAT_KEYS.has(key)), ...without(other, (key) => FORMAT_KEYS.has(key)) };
}

/**
 * Returns the `config.json` keys of a conversation format. Keys with the prefix `mlan_` are mlan's, the others LLaVA's.
 */
export function formatConfigKeys(
  { template, imageAspectRatio, maximumLength }: ConversationFormat,
  fingerprint: string | undefined,
): ConfigObject {
  return {
    mlan_template: template,
    ...(fingerprint !== undefined && { mlan_template_fingerprint: fingerprint }),
    image_aspect_ratio: imageAspectRatio,
    tokenizer_model_max_length: maximumLength,
    tokenizer_padding_side: "right",
  };
}

const FORMAT_KEYS: ReadonlySet<string> = new Set(
  Object.keys(formatConfigKeys({ template: "", imageAspectRatio: "pad", maximumLength: 1 }, "")),
);

const templateKeys = z.object({
  mlan_template: z.string().nullish(),
  mlan_template_fingerprint: z.string().nullish(),
});
const schema = templateKeys.extend({
  image_aspect_ratio: z.enum(["pad", "square"]).nullish(),
  tokenizer_model_max_length: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive(),
});
