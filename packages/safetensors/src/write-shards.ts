import { byteLengthOf } from "./dtype.ts";
import { SafetensorsError } from "./errors.ts";
import { type TensorToWrite, writeSafetensors } from "./writer.ts";

export interface ShardOptions {
  /** Prefix of the files' names, such as "model": `model.safetensors`, or `model-00001-of-00002.safetensors`. */
  readonly name: string;
  /** Maximum number of tensor bytes per file. Default: no limit. */
  readonly shardSize?: number | undefined;
}

export interface WrittenShards {
  /** Hexadecimal SHA-256 digests by file name. */
  readonly files: ReadonlyMap<string, string>;
  /** Name and content of the index; undefined if there is only one file. */
  readonly index: { readonly name: string; readonly text: string } | undefined;
}

/**
 * Writes tensors in the given order to one or several files in `folder`. The URL of `folder` must end in a slash. The
 * index of several files is like that of transformers. Each file is written atomically. The caller writes the index
 * last. Throws a {@link SafetensorsError}, before anything is written, if a tensor has more than `shardSize` bytes.
 */
export async function writeShards(
  folder: URL,
  tensors: readonly TensorToWrite[],
  { name, shardSize = Infinity }: ShardOptions,
): Promise<WrittenShards> {
  const shards = shardsFor(tensors, shardSize);
  const files = new Map<string, string>();
  const places: Record<string, string> = {};
  for (const [place, shard] of shards.entries()) {
    const file = shards.length === 1 ? `${name}.safetensors` : shardName(name, place + 1, shards.length);
    files.set(file, await writeSafetensors(new URL(encodeURIComponent(file), folder), shard, { format: "pt" }));
    for (const tensor of shard) places[tensor.name] = file;
  }
  if (shards.length === 1) return { files, index: undefined };
  const metadata = { total_size: tensors.reduce((sum, { dtype, shape }) => sum + byteLengthOf(dtype, shape), 0) };
  const text = `${JSON.stringify({ metadata, weight_map: places }, null, 2)}\n`;
  return { files, index: { name: `${name}.safetensors.index.json`, text } };
}

function shardName(name: string, number: number, count: number): string {
  const digits = (value: number): string => String(value).padStart(5, "0");
  return `${name}-${digits(number)}-of-${digits(count)}.safetensors`;
}

function shardsFor(tensors: readonly TensorToWrite[], shardSize: number): readonly (readonly TensorToWrite[])[] {
  const shards: TensorToWrite[][] = [[]];
  let size = 0;
  for (const tensor of tensors) {
    const bytes = byteLengthOf(tensor.dtype, tensor.shape);
    if (bytes > shardSize) {
      const largest = Math.max(...tensors.map(({ dtype, shape }) => byteLengthOf(dtype, shape)));
      throw new SafetensorsError(
        "unsupported",
        `a shard of ${shardSize} bytes is too small for tensor "${tensor.name}", which has ${bytes}. Give at least ${largest} bytes.`,
      );
    }
    if (size > 0 && size + bytes > shardSize) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)?.push(tensor);
    size += bytes;
  }
  return shards;
}
