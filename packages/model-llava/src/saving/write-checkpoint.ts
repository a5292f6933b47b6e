import {
  type Component,
  makeFolder,
  messageOf,
  MlanError,
  type Parameter,
  pathOf,
  replaceFiles,
  writeChecksums,
} from "@mlan/core";
import {
  firstNotFinite,
  SafetensorsError,
  type TensorToWrite,
  writeShards,
  type WrittenShards,
} from "@mlan/safetensors";
import { writeFile } from "node:fs/promises";
import { fileAt } from "../templates/jinja/read-chat-templates.ts";
import { ADAPTER_CONFIG } from "../weights/adapter-config.ts";
import { isQuantizedFormat } from "../weights/weight-format.ts";
import { adapterConfigKeys, mergedParameters, peftName } from "./adapter-files.ts";
import { type Base, BASE_FILE, baseFileKeys, isAsOpened, VERIFIED_FILE } from "./base-file.ts";
import type { CheckpointContent } from "./checkpoint-content.ts";
import { hfLayout } from "./hf-layout.ts";
import { jsonText } from "./json-numbers.ts";
import { llavaLayout } from "./llava-layout.ts";
import { isModelFile } from "./model-files.ts";
import { checkSaveOptions, type SaveOptions } from "./save-options.ts";

/**
 * Writes a checkpoint folder with checksums: a LLaVA checkpoint with its tower, or a plain backbone. With
 * `trainedOnly`, leaves out components that are unchanged since the model was opened; `base.json` then names their
 * folders. Holds one tensor in memory at a time. Removes the files of an earlier model in the folder, and no other
 * files. If it throws, the folder is unchanged. Throws `invalid-options` for an invalid option, `invalid-checkpoint`
 * for a value that is not finite or does not fit the dtype, and `unavailable`.
 */
export async function writeCheckpoint(
  folder: URL,
  content: CheckpointContent,
  options: SaveOptions = {},
): Promise<void> {
  const { layout, dtype, shardSize, trainedOnly } = checkSaveOptions(options);
  const isPart = trainedOnly && (await hasUse(content, folder));
  if (isPart) refuseBase(folder, content.base);
  if (!isPart || content.changed.has("language")) refuseRounded(folder, content);
  const adapter = isPart ? content.adapter : undefined;
  const laidOut = { ...content, weights: mergedParameters(content.weights, isPart ? undefined : content.adapter) };
  const { config, weights, files } = (layout === "hf" ? hfLayout : llavaLayout)(laidOut, dtype);
  await replaceFiles(folder, isModelFile, async (temporary) => {
    const known = new Map<string, string>();
    const texts = new Map([...files, ["config.json", jsonText(config)] as const]);
    const write = async (
      name: string,
      all: readonly Parameter[],
      nameOf = (own: string): string => own,
    ): Promise<void> => {
      const tensors = all.map((weight) => tensorOf(weight, nameOf(weight.name), dtype, folder));
      const written = await writeWeights(temporary, tensors, { name, shardSize, folder });
      for (const [file, sha256] of written.files) known.set(file, sha256);
      if (written.index) texts.set(written.index.name, written.index.text);
    };
    const stored = isPart ? weights.filter(({ component }) => content.changed.has(component)) : weights;
    const inAdapter = (component: Component): boolean => adapter !== undefined && component === "projector";
    const apart = stored.filter(({ component }) => !inAdapter(component));
    // The name differs from a whole model's, because other libraries would initialize the missing components randomly.
    if (apart.length > 0) await write(isPart ? "trained" : "model", apart);
    if (adapter) {
      const beside = stored.filter(({ component }) => inAdapter(component));
      await write("adapter_model", [...adapter.weights, ...beside], peftName);
      texts.set(ADAPTER_CONFIG, jsonText(adapterConfigKeys(adapter, content)));
    }
    for (const [path, text] of texts) {
      const file = fileAt(path, temporary);
      await makeFolder(new URL("./", file));
      await writeFile(file, text);
    }
    // The file of the base has no checksum, because users may correct its paths. It contains its own checksums.
    await writeChecksums(temporary, { known, ...(isPart && { changeable: [BASE_FILE, VERIFIED_FILE] }) });
    if (isPart) await writeFile(new URL(BASE_FILE, temporary), jsonText(await baseFileKeys(content.base)));
  });
}

/**
 * Returns whether components can be left out: the base still exists and at least one component is unchanged. Throws
 * `unavailable` if the base is gone and the adapter must be saved without it.
 */
async function hasUse({ weights, changed, base, adapter }: CheckpointContent, folder: URL): Promise<boolean> {
  const isSame = weights.some(({ component }) => !changed.has(component));
  if (changed.size === 0 || !isSame) return false;
  if (await isAsOpened(base)) return true;
  if (!adapter) return false;
  throw new MlanError(
    "unavailable",
    `model-llava: ${pathOf(folder)} was not written: it would hold only the adapter, and its base in ${pathOf(base.weights)} was moved or ` +
      "changed since the model was opened. Put it back.",
  );
}

/** Throws `invalid-options` for a folder of the base, because the other components are read from it. */
function refuseBase(folder: URL, { weights, adapter, visionTower }: Base): void {
  const hrefs = [weights, adapter, visionTower].map((base) => base?.href);
  if (!hrefs.includes(folder.href)) return;
  throw new MlanError(
    "invalid-options",
    `model-llava: ${pathOf(folder)} holds the rest of the model, and saving trained components there would remove it. Save into another folder.`,
  );
}

/** Throws `invalid-options` if the model was opened with quantized weights. */
function refuseRounded(folder: URL, { weightFormat }: CheckpointContent): void {
  if (!isQuantizedFormat(weightFormat)) return;
  throw new MlanError(
    "invalid-options",
    `model-llava: ${pathOf(folder)} was not written: the model was opened with weightFormat "${weightFormat}", which rounds its weights. ` +
      'Open it with weightFormat "stored" or "float32" to save it whole.',
  );
}

const DTYPES = { float32: "F32", bfloat16: "BF16", float16: "F16" } as const;

function tensorOf(weight: Parameter, name: string, dtype: keyof typeof DTYPES, folder: URL): TensorToWrite {
  const { shape } = weight;
  return {
    name,
    shape,
    dtype: DTYPES[dtype],
    data: async () => {
      const values = await weight.read();
      const place = firstNotFinite(values);
      if (place >= 0) throw notFinite(folder, name, values[place]);
      return values;
    },
  };
}

interface Target {
  readonly name: string;
  readonly shardSize: number;
  /** The final folder, for error messages. */
  readonly folder: URL;
}

async function writeWeights(
  temporary: URL,
  tensors: readonly TensorToWrite[],
  { name, shardSize, folder }: Target,
): Promise<WrittenShards> {
  try {
    return await writeShards(temporary, tensors, { name, shardSize });
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    const [code, remedy] = SafetensorsError.is(cause)
      ? (["invalid-options", ""] as const)
      : (["unavailable", " Free space or check permissions; nothing was replaced."] as const);
    const reason = messageOf(cause)
      .replace(/^safetensors: /, "")
      .replace(/\.$/, "");
    throw new MlanError(code, `model-llava: ${pathOf(folder)} was not written: ${reason}.${remedy}`, { cause });
  }
}

function notFinite(folder: URL, name: string, value: number | undefined): MlanError {
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(folder)} was not written: tensor "${name}" holds ${value}. Continue from an earlier checkpoint, ` +
      "with a lower learningRate.",
  );
}
