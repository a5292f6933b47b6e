import { readdir, stat } from "node:fs/promises";
import { counted, createScope, MlanError, MODEL } from "@mlan/core";
import { checkpointAt } from "../project/checkpoint-at.ts";
import { checkPlugin, computePlugin } from "../project/compute-plugin.ts";
import { displayPath, folderAt } from "../project/folders.ts";
import { importPlugin } from "../project/import-plugin.ts";
import { modelParts } from "../project/model-parts.ts";
import { pluginFor } from "./open-model.ts";

export interface ExportRequest {
  /** See {@link checkpointAt}. */
  readonly checkpoint: string;
  readonly to: string;
  readonly layout: string;
  readonly dtype: string;
  /** Maximum number of bytes of tensors per weight file. */
  readonly shardSize: number;
  /** Plugin name, see {@link importPlugin}. Default: an installed plugin that can read the checkpoint. */
  readonly model?: string;
  /** See {@link ModelParts}. */
  readonly tower?: string;
  /** The conversation template, for a checkpoint that names none. */
  readonly template?: string;
}

/** Writes a checkpoint as a complete model. Returns a line that describes what was written. */
export async function exportModel(request: ExportRequest): Promise<string> {
  const { checkpoint, to, model, tower, template, layout, dtype, shardSize } = request;
  const weights = await checkpointAt(checkpoint, "the checkpoint");
  const plugin = await importPlugin("model", model ?? (await pluginFor(weights)));
  const parts = modelParts({ ...(tower !== undefined && { tower }), ...(template !== undefined && { template }) });
  // An export computes nothing, so the backend is not opened.
  const use = [plugin({ weights, ...parts }), await computePlugin("onnx")].map(checkPlugin);
  await using scope = createScope(use);
  const source = scope.get(MODEL);
  if (!source.export) {
    throw new MlanError(
      "invalid-options",
      `${source.name} cannot be exported. Give the plugin of a backbone as --model.`,
    );
  }
  const folder = folderAt(to);
  await source.export(folder, { layout, dtype, shardSize });
  const { files, bytes } = await weightFiles(folder);
  return `Wrote ${displayPath(folder)}: layout ${layout}, ${dtype}, ${counted(files, "weight file")}, ${(bytes / 1e9).toFixed(2)} GB`;
}

async function weightFiles(folder: URL): Promise<{ files: number; bytes: number }> {
  const names = (await readdir(folder)).filter((name) => /^model.*\.safetensors$/.test(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(new URL(name, folder))).size));
  return { files: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
