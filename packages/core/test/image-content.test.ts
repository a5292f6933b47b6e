import type { Examples, FoundImage } from "@mlan/core";
import { describe, expect, it } from "vitest";
import { contentOfImages } from "../src/data/image-content.ts";

/** Returns examples with one image each, and the number of times that an example was read. */
function counted(
  count: number,
  find?: (name: string) => FoundImage,
): { examples: Examples<unknown>; asked: () => number } {
  let asked = 0;
  const at = async (index: number): Promise<unknown> => {
    asked++;
    const name = `${index}.png`;
    const read = async (): Promise<Uint8Array> => Buffer.from(name);
    return { images: [{ name, read, ...(find && { find: async () => find(name) }) }] };
  };
  return { examples: { length: count, fingerprint: "rows", at }, asked: () => asked };
}

describe("what images hold", () => {
  it.each<[string, ((name: string) => FoundImage) | undefined, number]>([
    ["that say their digest take one walk over the examples", (name) => ({ stamp: "", digest: `sha of ${name}` }), 1],
    ["that nobody finds are read on that walk", undefined, 1],
    ["that have a stamp take another for their bytes", (name) => ({ stamp: `stamp of ${name}` }), 2],
  ])("%s", async (_, find, walks) => {
    const { examples, asked } = counted(100, find);
    const content = await contentOfImages(examples);
    expect(asked()).toBe(100);
    await content.digest();
    expect(asked()).toBe(walks * 100);
  });

  it("is not looked at any further once the run is aborted, in data without images too", async () => {
    const abort = new AbortController();
    let asked = 0;
    const at = async (): Promise<unknown> => {
      if (asked++ === 300) abort.abort();
      return { turns: [] };
    };
    await expect(contentOfImages({ length: 1e6, fingerprint: "rows", at }, abort.signal)).rejects.toThrow(/abort/);
    expect(asked).toBeLessThan(1000);
  });

  it("lets signals and timers have their turn in data that never waits", async () => {
    const abort = new AbortController();
    setImmediate(() => abort.abort());
    const at = async (): Promise<unknown> => ({ turns: [] });
    await expect(contentOfImages({ length: 1e6, fingerprint: "rows", at }, abort.signal)).rejects.toThrow(/abort/);
  });
});
