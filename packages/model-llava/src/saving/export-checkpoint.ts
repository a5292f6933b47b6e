import { MlanError, type Parameter, pathOf } from "@mlan/core";
import type { CheckpointFolders } from "../checkpoint/open-checkpoint.ts";
import { type OpenModel, openModel } from "../checkpoint/open-model.ts";
import { prepareCheckpoint } from "../checkpoint/prepare-checkpoint.ts";
import { checkpointResult } from "../weights/read-tensors.ts";
import type { PlannedWeight, StoredUpdate } from "../weights/weight-plan.ts";
import { readCopiedFiles } from "./copied-files.ts";
import { type Factors, merged } from "./merged-values.ts";
import type { SaveOptions } from "./save-options.ts";
import { writeCheckpoint } from "./write-checkpoint.ts";

export interface ExportOptions extends Omit<SaveOptions, "trainedOnly"> {
  readonly signal?: AbortSignal;
}

/**
 * Writes a checkpoint as one whole model into another folder. Needs no backend and holds one tensor in memory at a
 * time. Throws `invalid-options` for an invalid option, and for a folder that equals or is inside the source. Also
 * throws the errors of opening and saving.
 */
export async function exportCheckpoint(
  folders: CheckpointFolders,
  folder: URL,
  { signal, ...options }: ExportOptions = {},
): Promise<void> {
  refuseTarget(folder, [folders.weights]);
  const opened = await openModel(folders, { signal });
  try {
    const { base } = opened;
    refuseTarget(folder, [base.weights, base.adapter, base.visionTower]);
    await writeCheckpoint(folder, await contentOf(opened, folders, signal), options);
  } finally {
    await opened.close();
  }
}

async function contentOf(
  opened: OpenModel,
  folders: CheckpointFolders,
  signal: AbortSignal | undefined,
): Promise<Parameters<typeof writeCheckpoint>[1]> {
  const prepared = await prepareCheckpoint(opened, folders);
  const { architecture, language, format, vision, base, tokenizer, plan } = prepared;
  if (plan.fresh.length > 0) {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(folders.weights)} has no projector, so there is no whole model to export. Align it first, or leave out the vision tower.`,
    );
  }
  const copied = await readCopiedFiles({
    weights: folders.weights,
    visionTower: base.visionTower,
    tokenizer: architecture.tokenizer,
  });
  const kept = new Map(plan.kept?.modules.map(({ name, update }) => [`${name}.weight`, update]));
  const weights = plan.stored.map((planned) => parameterOf(planned, kept.get(planned.weight.name), signal));
  const { tunedIn } = prepared;
  // Exporting trains nothing, so the fingerprint of the training template stays.
  const learned = tunedIn?.name === format.template ? tunedIn.fingerprint : undefined;
  const templateFingerprint = learned ?? prepared.templateFingerprint;
  const content = { architecture, language, format, templateFingerprint, vision, weights, tokenizer, copied, base };
  return { ...content, changed: new Set() };
}

function parameterOf(
  { weight, reader, name, update }: PlannedWeight,
  kept: StoredUpdate | undefined,
  signal: AbortSignal | undefined,
): Parameter {
  return {
    name: weight.name,
    component: weight.component,
    shape: weight.shape,
    read: async () => {
      signal?.throwIfAborted();
      let values = await checkpointResult(() => reader.read(name));
      for (const one of [update, kept]) if (one) values = merged(values, await factorsOf(one));
      return values;
    },
  };
}

async function factorsOf({ reader, a, b, scale }: StoredUpdate): Promise<Factors> {
  const [rank = 0] = reader.entries.get(a)?.shape ?? [];
  return { down: await reader.read(a), up: await reader.read(b), rank, scale };
}

/** Throws `invalid-options` for a target that equals or is inside one of the folders. */
function refuseTarget(target: URL, folders: readonly (URL | undefined)[]): void {
  for (const folder of folders) {
    if (!folder || !target.href.startsWith(folder.href)) continue;
    const where = target.href === folder.href ? "is" : "is inside";
    throw new MlanError(
      "invalid-options",
      `model-llava: ${pathOf(target)} ${where} ${pathOf(folder)}, from which the model is read. Export into another folder.`,
    );
  }
}
