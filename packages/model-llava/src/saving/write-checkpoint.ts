import { type Component, messageOf, MlanError, type Parameter, pathOf, replaceFiles, writeChecksums } from "@mlan/core";
import { SafetensorsError, type TensorToWrite, writeShards, type WrittenShards } from "@mlan/safetensors";
import { writeFile } from "node:fs/promises";
import { ADAPTER_CONFIG } from "../weights/adapter-config.ts";
import { firstNotFinite } from "../weights/first-not-finite.ts";
import { isQuantisedFormat } from "../weights/weight-format.ts";
import { adapterConfigKeys, mergedParameters, peftName } from "./adapter-files.ts";
import { type Base, BASE_FILE, baseFileKeys, isAsOpened } from "./base-file.ts";
import type { CheckpointContent } from "./checkpoint-content.ts";
import { hfLayout } from "./hf-layout.ts";
import { jsonText } from "./json-numbers.ts";
import { llavaLayout } from "./llava-layout.ts";
import { isModelFile } from "./model-files.ts";
import { checkSaveOptions, type SaveOptions } from "./save-options.ts";

/**
 * Writes a folder with the checksums of its files: a LLaVA checkpoint that includes its tower, or a plain backbone
 * without one. With `trainedOnly`, components that are as in the
 * folders that the model was opened from are left out, and `base.json` names those. Tensors are read and written one at a time. Model files of another model in the folder are removed, other
 * files stay; when this throws, nothing in the folder has changed. Throws `invalid-options` for an option,
 * `invalid-checkpoint` for a value that is not finite or does not fit into the dtype, and `unavailable`.
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
    // Another name than that of whole models, so that no library takes the rest for missing and fills it in.
    if (apart.length > 0) await write(isPart ? "trained" : "model", apart);
    if (adapter) {
      const beside = stored.filter(({ component }) => inAdapter(component));
      await write("adapter_model", [...adapter.weights, ...beside], peftName);
      texts.set(ADAPTER_CONFIG, jsonText(adapterConfigKeys(adapter, content)));
    }
    for (const [name, text] of texts) await writeFile(new URL(name, temporary), text);
    await writeChecksums(temporary, { known });
    // Not among the checksums: it has its own, and its places may be corrected.
    if (isPart) await writeFile(new URL(BASE_FILE, temporary), jsonText(await baseFileKeys(content.base)));
  });
}

/**
 * Whether something can be left out: the base is still there, and a component is as in it. Throws `unavailable` where it is
 * not there and an adapter cannot be kept apart without it.
 */
async function hasUse({ weights, changed, base, adapter }: CheckpointContent, folder: URL): Promise<boolean> {
  const isSame = weights.some(({ component }) => !changed.has(component));
  if (changed.size === 0 || !isSame) return false;
  if (await isAsOpened(base)) return true;
  if (!adapter) return false;
  throw new MlanError(
    "unavailable",
    `model-llava: ${pathOf(folder)} was not written: it would hold the adapter alone, and its base in ${pathOf(base.weights)} was moved or ` +
      "changed since the model was opened. Put it back.",
  );
}

/** Throws `invalid-options` for a folder that the rest of the model is read from. */
function refuseBase(folder: URL, { weights, adapter, visionTower }: Base): void {
  const hrefs = [weights, adapter, visionTower].map((base) => base?.href);
  if (!hrefs.includes(folder.href)) return;
  throw new MlanError(
    "invalid-options",
    `model-llava: ${pathOf(folder)} holds the rest of the model, which saving what was trained there would remove. Save into another folder.`,
  );
}

/** Throws `invalid-options` for weights that are not as in the checkpoint that they came from. */
function refuseRounded(folder: URL, { weightFormat }: CheckpointContent): void {
  if (!isQuantisedFormat(weightFormat)) return;
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
  /** For messages. */
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
    const [code, wayOut] = SafetensorsError.is(cause)
      ? (["invalid-options", ""] as const)
      : (["unavailable", " Free space or check permissions; nothing was replaced."] as const);
    const reason = messageOf(cause)
      .replace(/^safetensors: /, "")
      .replace(/\.$/, "");
    throw new MlanError(code, `model-llava: ${pathOf(folder)} was not written: ${reason}.${wayOut}`, { cause });
  }
}

function notFinite(folder: URL, name: string, value: number | undefined): MlanError {
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(folder)} was not written: tensor "${name}" holds ${value}. Continue from an earlier checkpoint, ` +
      "with a lower learningRate.",
  );
}
