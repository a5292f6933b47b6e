import { MlanError, type OpenOptions } from "@mlan/core";
import { type HubModel, openRepository, type RepositoryFiles } from "@mlan/hub";
import { readFile } from "node:fs/promises";
import { TEMPLATES_FOLDER } from "../templates/jinja/read-chat-templates.ts";

/**
 * Downloads the missing files of a checkpoint on the Hub. Returns its folder, with a slash at the end. Prefers the
 * weight formats that transformers prefers, safetensors first. Throws the errors of `openRepository`, and
 * `invalid-checkpoint` for a repository without supported weights.
 */
export async function hubCheckpoint(model: HubModel, more: readonly string[], options: OpenOptions): Promise<URL> {
  const files = await openRepository(model, options);
  const weights = await weightPaths(files);
  if (weights.length === 0) throw withoutWeights(model, files);
  const small = files.paths.filter(
    (path) => SMALL.has(path) || more.includes(path) || path.startsWith(TEMPLATES_FOLDER),
  );
  // Small files first: they reveal a gated or wrong repository before gigabytes are downloaded.
  await files.download([...small, ...weights]);
  return files.folder;
}

const SMALL: ReadonlySet<string> = new Set([
  "config.json",
  "preprocessor_config.json",
  "processor_config.json",
  "adapter_config.json",
  "checksums.json",
]);

/** Weight files in the order in which transformers searches for them. */
const WEIGHTS = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
];
const ADAPTERS = ["adapter_model.safetensors", "adapter_model.bin"];
/** Files that LLaVA's training saves beside a backbone or an adapter. */
const BESIDE = /^(?:mm_projector\.(?:bin|pt|safetensors)|non_lora_trainables\.bin)$/;

async function weightPaths(files: RepositoryFiles): Promise<readonly string[]> {
  const first = (names: readonly string[]): readonly string[] =>
    names.filter((name) => files.paths.includes(name)).slice(0, 1);
  const [weights] = first(WEIGHTS);
  const shards = weights?.endsWith(".index.json") ? await shardPaths(files, weights) : [];
  const beside = files.paths.filter((path) => BESIDE.test(path));
  return [...(weights === undefined ? [] : [weights]), ...shards, ...first(ADAPTERS), ...beside];
}

/**
 * Returns the shards that the index names and the repository has. The reader of the index reports invalid ones later.
 */
async function shardPaths({ local, paths }: RepositoryFiles, index: string): Promise<readonly string[]> {
  const named = new Set(namesIn(await readFile(await local(index), "utf8")));
  return paths.filter((path) => named.has(path));
}

function namesIn(index: string): readonly unknown[] {
  try {
    return Object.values(Object(Object(JSON.parse(index)).weight_map));
  } catch {
    return [];
  }
}

function withoutWeights({ repository }: HubModel, { commit, paths }: RepositoryFiles): MlanError {
  const held = paths.length > 8 ? `${paths.slice(0, 8).join(", ")} and ${paths.length - 8} more` : paths.join(", ");
  const message =
    `model-llava: ${repository} on the Hub has no weights in Hugging Face layout at ${commit}; it has ${held}. ` +
    `Name a repository with ${WEIGHTS[0]} or ${WEIGHTS[2]}, or their shards.`;
  return new MlanError("invalid-checkpoint", message);
}
