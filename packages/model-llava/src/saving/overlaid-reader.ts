import type { SafetensorsReader } from "@mlan/safetensors";

/** Combines two readers. Tensors of `above` replace those of `below`. */
export function overlaidReader(below: SafetensorsReader, above: SafetensorsReader): SafetensorsReader {
  const readerOf = (name: string): SafetensorsReader => (above.entries.has(name) ? above : below);
  return {
    entries: new Map([...below.entries, ...above.entries]),
    read: (name) => readerOf(name).read(name),
    readInto: (name, target) => readerOf(name).readInto(name, target),
    readInt32: (name) => readerOf(name).readInt32(name),
    close: async () => {
      await Promise.all([below.close(), above.close()]);
    },
  };
}
