import { counted, MlanError, pathOf } from "@mlan/core";
import type { SafetensorsReader } from "@mlan/safetensors";
import type { ModuleSizes } from "../adapter/adapter-modules.ts";
import type { AdaptableLinear } from "../linear/adaptable-linear.ts";
import type { Adapter, LowRankUpdate } from "./adapter.ts";
import { declareNetwork, type NetworkSizes } from "../network/llava-network.ts";
import { PROJECTOR_PREFIX } from "../network/projector.ts";
import { VISION_PREFIX } from "../network/vision-tower-weights.ts";
import { projectorNames } from "./projector-file.ts";
import { EMBEDDING, HEAD } from "./tensor-names.ts";
import type { Weight } from "./weight.ts";
import { weightList } from "./weight-list.ts";

/** The files of a model's weights. */
export interface WeightSources {
  /** Weights of the backbone, or of a LLaVA model with this backbone. */
  readonly checkpoint: SafetensorsReader;
  /** A CLIP checkpoint; absent if `checkpoint` has the tower's weights or there is no tower. */
  readonly tower?: SafetensorsReader;
  /** A file with only the projector. A projector in `checkpoint` takes precedence. */
  readonly projector?: SafetensorsReader;
  /** An adapter for `checkpoint`, merged while weights are loaded. */
  readonly adapter?: Adapter;
  /** An adapter that was trained on top of all other sources and is not merged. */
  readonly kept?: Adapter;
  /** Whether the checkpoint may lack the projector, as a plain backbone does. */
  readonly freshProjector: boolean;
}

interface TensorPlace {
  readonly reader: SafetensorsReader;
  readonly name: string;
}

/** A weight and the stored tensor with its values. */
export interface PlannedWeight extends TensorPlace {
  readonly weight: Weight;
  /** A low-rank update to add to the stored values. */
  readonly update?: StoredUpdate;
}

export type StoredUpdate = LowRankUpdate & { readonly reader: SafetensorsReader };

export interface WeightPlan {
  readonly stored: readonly PlannedWeight[];
  /** The weights of a new projector, if the checkpoint may lack the projector and does. */
  readonly fresh: readonly Weight[];
  /** The adapter that is not merged. */
  readonly kept?: KeptAdapter;
}

/** An adapter that is not merged. Its updates fit the network's linear maps. */
export interface KeptAdapter {
  readonly adapter: Adapter;
  readonly modules: readonly KeptModule[];
}

interface KeptModule extends ModuleSizes {
  readonly update: StoredUpdate;
}

/**
 * Finds the stored tensor of every weight in a network, without reading or allocating any. Throws `invalid-checkpoint`
 * for a tensor that is missing, has the wrong shape, or belongs to a different architecture.
 */
export function planWeights(sizes: NetworkSizes, sources: WeightSources): WeightPlan {
  const { checkpoint, tower, adapter, kept } = sources;
  const whole = new Map([...(adapter?.whole ?? []), ...(kept?.whole ?? [])]);
  const hasProjector = [...checkpoint.entries.keys(), ...whole.keys()].some(isOfProjector);
  const projector = hasProjector ? undefined : sources.projector;
  const isFresh = ({ component }: Weight): boolean =>
    component === "projector" && sources.freshProjector && !hasProjector && !projector;
  const towerPrefix = tower && prefixOfTower(tower);
  const inProjector = projector && projectorNames(projector);
  const placeOf = ({ name, component }: Weight): TensorPlace => {
    const trained = whole.get(name);
    if (trained) return { reader: trained, name };
    if (tower && component === "vision")
      return { reader: tower, name: `${towerPrefix}${name.slice(VISION_PREFIX.length)}` };
    if (projector && component === "projector")
      return { reader: projector, name: inProjector?.get(name.slice(PROJECTOR_PREFIX.length)) ?? name };
    // A tied matrix may be stored under the name of the output layer.
    const other = sizes.language.tiedEmbeddings && name === EMBEDDING && !checkpoint.entries.has(name);
    return { reader: checkpoint, name: other ? HEAD : name };
  };
  const stored: PlannedWeight[] = [];
  const fresh: Weight[] = [];
  // Each weight is searched when it is declared, because a wrong config.json may declare more layers than fit into
  // memory.
  const list = weightList((weight) => {
    if (isFresh(weight)) fresh.push(weight);
    else stored.push({ ...planned(weight, placeOf(weight)), ...updateOf(weight, adapter) });
  });
  declareNetwork(sizes, list);
  const refuse = (from: SafetensorsReader, isOther: (name: string) => boolean): void => {
    const used = new Set(stored.flatMap(({ reader, name }) => (reader === from ? [name] : [])));
    refuseUnknown(from, (name) => used.has(name) || isOther(name));
  };
  refuse(checkpoint, (name) => whole.has(name));
  if (tower) refuse(tower, (name) => !name.startsWith(towerPrefix ?? ""));
  if (projector) refuse(projector, () => false);
  const names = new Set(stored.map(({ weight }) => weight.name));
  for (const one of [adapter, kept]) if (one) refuseLeftOver(one, names);
  return { stored, fresh, ...(kept && { kept: keptAdapter(kept, list.linears) }) };
}

/** Returns an adapter that is not merged. Throws `invalid-checkpoint` if its updates do not fit the linear maps. */
export function keptAdapter(adapter: Adapter, linears: readonly AdaptableLinear[]): KeptAdapter {
  return { adapter, modules: modulesOf(adapter, linears) };
}

function modulesOf(adapter: Adapter, linears: readonly AdaptableLinear[]): readonly KeptModule[] {
  const byName = new Map(linears.map((linear) => [`${linear.name}.weight`, linear]));
  return [...adapter.updates].map(([name, update]) => {
    const linear = byName.get(name);
    // A weight that is not a linear map, such as an embedding.
    if (!linear) throw leftOver(adapter.folder, name);
    const { inputs, outputs } = linear;
    checkUpdate(name, [outputs, inputs], update, adapter.folder);
    const rank = update.reader.entries.get(update.a)?.shape[0] ?? 0;
    return { name: linear.name, inputs, outputs, rank, scale: update.scale, update };
  });
}

function isOfProjector(name: string): boolean {
  return name.startsWith(PROJECTOR_PREFIX);
}

/** Returns the adapter's update of a weight, if there is one. Throws if its shapes do not fit. */
function updateOf({ name, shape }: Weight, adapter: Adapter | undefined): Pick<PlannedWeight, "update"> {
  const update = adapter?.updates.get(name);
  if (!adapter || !update) return {};
  checkUpdate(name, shape, update, adapter.folder);
  return { update };
}

function checkUpdate(name: string, shape: readonly number[], update: StoredUpdate, folder: URL): void {
  const [a, b] = [update.a, update.b].map((part) => update.reader.entries.get(part)?.shape ?? []);
  const [outputs, inputs] = shape;
  if (shape.length === 2 && a?.length === 2 && b?.length === 2 && a[1] === inputs && b[0] === outputs && a[0] === b[1])
    return;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: the adapter in ${pathOf(folder)} updates "${name}" by [${b?.join(", ")}] times [${a?.join(", ")}], but it is ` +
      `[${shape.join(", ")}]. Take the base that the adapter was trained on.`,
  );
}

/** Throws if a tensor of the adapter matches no weight, so that no trained values are silently lost. */
function refuseLeftOver({ folder, updates, whole }: Adapter, used: ReadonlySet<string>): void {
  const left = [...updates.keys(), ...whole.keys()].find((name) => !used.has(name));
  if (left !== undefined) throw leftOver(folder, left);
}

function leftOver(folder: URL, name: string): MlanError {
  const isVision = name.startsWith(VISION_PREFIX) || isOfProjector(name);
  const remedy = isVision
    ? "Give the vision tower's folder as `visionTower`."
    : "Take the base that the adapter was trained on.";
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: the adapter in ${pathOf(folder)} was trained on "${name}", which the model does not have. ${remedy}`,
  );
}

/** Returns whether a LLaVA checkpoint contains its vision tower. */
export function holdsTower({ entries }: SafetensorsReader): boolean {
  return entries.has(`${VISION_PREFIX}${PATCH_EMBEDDING}`);
}

const PATCH_EMBEDDING = "embeddings.patch_embedding.weight";

/**
 * Matches tensors to ignore: buffers of older transformers versions, the parts of complete CLIP models outside the
 * vision tower, and the output layer when embeddings are tied.
 */
const IGNORED =
  /rotary_emb\.inv_freq$|position_ids$|^text_model\.|^text_projection\.|^visual_projection\.|^logit_scale$|^lm_head\.weight$/;

function planned(weight: Weight, { reader, name }: TensorPlace): PlannedWeight {
  const entry = reader.entries.get(name);
  if (!entry) {
    const files = [...new Set([...reader.entries.values()].map(({ file }) => pathOf(file)))].join(", ");
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: tensor "${name}" is missing in ${files}. The files are incomplete, or config.json describes a different model.`,
    );
  }
  const { shape } = weight;
  if (entry.shape.join() !== shape.join()) {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(entry.file)}: tensor "${name}" is [${entry.shape.join(", ")}], but config.json makes it [${shape.join(", ")}]. ` +
        "Take weights and config.json from the same model.",
    );
  }
  return { weight, reader, name };
}

/**
 * Returns the prefix of a tower's tensor names: `vision_model.` in complete CLIP models, empty in newer vision models.
 */
function prefixOfTower({ entries }: SafetensorsReader): string {
  const name = [...entries.keys()].find((key) => key.endsWith(PATCH_EMBEDDING));
  return name === undefined ? "vision_model." : name.slice(0, -PATCH_EMBEDDING.length);
}

function refuseUnknown({ entries }: SafetensorsReader, isKnown: (name: string) => boolean): void {
  const unknown = [...entries].filter(([name]) => !isKnown(name) && !IGNORED.test(name));
  const [, first] = unknown[0] ?? [];
  if (!first) return;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(first.file)} holds ${counted(unknown.length, "tensor")} that config.json does not account for, ` +
      `such as "${first.name}". It has a different architecture, or more layers than config.json says.`,
  );
}
