import { MlanError, pathOf, shownValue } from "@mlan/core";
import { chatTemplate } from "../templates/jinja/chat-template.ts";
import type { Template } from "../templates/template.ts";
import { storedTemplate, type StoredTemplate } from "../config/format-config.ts";
import { templateByName, templatesOf } from "../templates/template-by-name.ts";
import { templateFingerprint } from "../templates/template-fingerprint.ts";
import { templateNotice } from "../templates/template-notice.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { planWeights, type WeightPlan } from "../weights/weight-plan.ts";
import type { Checkpoint, CheckpointFolders } from "./open-checkpoint.ts";

/** An open checkpoint whose weights and tokenizer match its configuration. */
export interface PreparedCheckpoint extends Checkpoint {
  readonly tokenizer: Tokenizer;
  /** The templates of the architecture and of the checkpoint. */
  readonly templates: readonly Template[];
  /** Fingerprint of the template in the conversation format; see `templateFingerprint`. */
  readonly templateFingerprint: string | undefined;
  /** The template of the weights' last training, if known. */
  readonly tunedIn: StoredTemplate | undefined;
  readonly plan: WeightPlan;
}

/** Checks a checkpoint completely before memory is allocated for its weights. Throws `invalid-checkpoint`. */
export async function prepareCheckpoint<Opened extends Checkpoint>(
  checkpoint: Opened,
  { architecture, weights }: CheckpointFolders,
): Promise<Opened & PreparedCheckpoint> {
  const tokenizer = await architecture.tokenizer.load(weights);
  checkVocabulary(tokenizer, checkpoint, weights);
  const plan = planWeights(checkpoint, checkpoint.weights);
  const own = checkpoint.chatTemplates.map((source) => chatTemplate(source, tokenizer));
  const templates = [...templatesOf(architecture), ...own];
  const template = templateByName(templates, checkpoint.format.template);
  const fingerprint = templateFingerprint(template, tokenizer);
  const tunedIn = storedTemplate(checkpoint.config);
  const notice = templateNotice(tunedIn, { name: template.name, fingerprint });
  const notices = [
    ...checkpoint.notices,
    ...(plan.fresh.length > 0 ? [freshProjector(weights)] : []),
    ...(notice === undefined ? [] : [`${pathOf(weights)} ${notice}`]),
  ];
  return { ...checkpoint, tokenizer, templates, templateFingerprint: fingerprint, tunedIn, plan, notices };
}

function freshProjector(weights: URL): string {
  return `${pathOf(weights)} has no projector, so a new one with random weights is created; the model understands images only after it has been trained`;
}

function checkVocabulary({ vocabularySize, tokenOf }: Tokenizer, { language }: Checkpoint, weights: URL): void {
  const { vocabularySize: known } = language;
  if (vocabularySize <= known) return;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: the tokenizer in ${pathOf(weights)} has the token ${shownValue(tokenOf(vocabularySize - 1))} with the id ` +
      `${vocabularySize - 1}, but config.json has a vocabulary of ${known}, ids 0 to ${known - 1}. Take both from the same model, or ` +
      `remove tokens with ids of ${known} and above from the tokenizer's files.`,
  );
}
