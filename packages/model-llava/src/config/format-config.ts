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
  /** The location of the `config.json`. */
  readonly file: URL;
  /** The names of the folder's own chat templates. */
  readonly chatTemplates: readonly string[];
  /** The template that the user chose, if any. */
  readonly named: string | undefined;
}

/**
 * Returns the format with which a checkpoint was last trained. The template is the one that the user or `config.json`
 * names; otherwise "plain" for a plain backbone, which has not been trained on conversations, or the folder's own chat
 * template for LLaVA. Throws `invalid-checkpoint` when a LLaVA checkpoint has none.
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
      "it does not say in which template the model was tuned, and its folder has no chat template. " +
        `Name it in the option "template" (on the command line: --template), one of ${names.join(", ")}; LLaVA-1.5 and MLAN's models are tuned in v1`,
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
 * scaling: its rotary positions would change with the length of each batch.
 */
export function checkLength({ maximumLength }: ConversationFormat, language: LanguageConfig): void {
  const trained = trainedPositions(language);
  if (language.ropeScaling?.type !== "dynamic" || maximumLength <= trained) return;
  const limit = `the model has dynamically scaled rotary positions, with which training supports up to ${trained} positions`;
  throw new MlanError("invalid-options", `model-llava: maximumLength is ${maximumLength}, but ${limit}. Lower it.`);
}

/** The template that a checkpoint was last trained with, if mlan wrote its `config.json`. */
export interface StoredTemplate {
  readonly name: string;
  /** The template's fingerprint, see `templateFingerprint`. Earlier versions wrote none. */
  readonly fingerprint: string | undefined;
}

export function storedTemplate(config: ConfigObject): StoredTemplate | undefined {
  const { mlan_template: name, mlan_template_fingerprint: fingerprint } = templateKeys.safeParse(config).data ?? {};
  return typeof name === "string" ? { name, fingerprint: fingerprint ?? undefined } : undefined;
}

/**
 * Returns `config` with the format from another `config.json`, an adapter's, if mlan wrote that; otherwise unchanged.
 */
export function withStoredFormat(config: ConfigObject, other: ConfigObject): ConfigObject {
  if (!storedTemplate(other)) return config;
  const without = (from: ConfigObject, isLeft: (key: string) => boolean): ConfigObject =>
    Object.fromEntries(Object.entries(from).filter(([key]) => isLeft(key)));
  return { ...without(config, (key) => !FORMAT_KEYS.has(key)), ...without(other, (key) => FORMAT_KEYS.has(key)) };
}

/** Returns the `config.json` keys of a format. Those that begin with `mlan_` are mlan's own, the others LLaVA's. */
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

/** All keys of {@link formatConfigKeys}. */
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
