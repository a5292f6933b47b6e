import { MlanError, pathOf } from "@mlan/core";
import { loadedAdapter } from "../adapter/loaded-adapter.ts";
import type { AdapterSlot, NetworkAdapter } from "../adapter/network-adapter.ts";
import type { AdaptableLinear } from "../linear/adaptable-linear.ts";
import { openAdapter } from "../weights/adapter.ts";
import { type KeptAdapter, keptAdapter } from "../weights/weight-plan.ts";

/**
 * Reads the adapters that requests can choose. Throws `invalid-checkpoint` for an adapter that does not fit or that
 * changes more than linear maps.
 */
export async function openAdapters(
  folders: ReadonlyMap<string, URL>,
  linears: readonly AdaptableLinear[],
  slot: AdapterSlot,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, NetworkAdapter>> {
  const opened = new Map<string, NetworkAdapter>();
  try {
    for (const [name, folder] of folders)
      opened.set(name, await withKept(folder, linears, (kept) => loadedAdapter(kept, slot, signal)));
    return opened;
  } catch (error) {
    for (const adapter of opened.values()) adapter.dispose();
    throw error;
  }
}

/** Checks adapters like {@link openAdapters} without reading tensors. Returns their files by name. */
export async function checkAdapters(
  folders: ReadonlyMap<string, URL>,
  linears: readonly AdaptableLinear[],
): Promise<ReadonlyMap<string, URL>> {
  const files = new Map<string, URL>();
  for (const [name, folder] of folders)
    await withKept(folder, linears, async ({ adapter: { readers } }) => {
      const all = readers.flatMap(({ entries }) => [...entries.values()].map(({ file }) => file));
      for (const file of [...all, new URL("adapter_config.json", folder)])
        files.set(`adapters/${name}/${file.pathname.split("/").at(-1)}`, file);
    });
  return files;
}

async function withKept<Result>(
  folder: URL,
  linears: readonly AdaptableLinear[],
  use: (kept: KeptAdapter) => Promise<Result>,
): Promise<Result> {
  const adapter = await openAdapter(folder);
  try {
    const [whole] = adapter.whole.keys();
    if (whole === undefined) return await use(keptAdapter(adapter, linears));
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: the adapter in ${pathOf(folder)} replaces "${whole}", so it cannot be one of several on the same weights. ` +
        "Open it alone, as `adapter`.",
    );
  } finally {
    await Promise.all(adapter.readers.map((reader) => reader.close()));
  }
}
