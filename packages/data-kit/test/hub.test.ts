import { imageColumn, localFolder, rowsFrom, sourceFrom } from "@mlan/data-kit";
import { hubFolder } from "#internal/files/hub-folder.ts";
import { folderWith, type HubContents, type HubServer, hubServer, temporaryFolder } from "@mlan/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";
import { zipOf } from "./zip-of.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

test("does nothing before it is opened", () => {
  expect(hubFolder({ repository: "google/boolq", revision: "main", endpoint: "http://127.0.0.1:9" }).place).toContain(
    "google/boolq",
  );
});

describe("finds files by a pattern, on the Hub as in a folder", () => {
  const files = {
    "data/train-0.parquet": "",
    "data/validation-0.parquet": "",
    "data/a.json": "",
    "Art/Theory/test-1.parquet": "",
    "Art/Theory/test-0.parquet": "",
    "Math/Theory/test-0.PARQUET": "",
    "Music/Theory/test-0.json": "",
    "README.md": "",
  };

  // prettier-ignore
  test.each<[string, readonly string[]]>([
    ["data/*-*.parquet",      ["data/train-0.parquet", "data/validation-0.parquet"]],
    ["*.parquet",             []],
    ["*/*-0.parquet",         ["data/train-0.parquet", "data/validation-0.parquet"]],
    ["*/*/test-*.parquet",    ["Art/Theory/test-0.parquet", "Art/Theory/test-1.parquet"]],
    ["M*/Theory/*.parquet",   ["Math/Theory/test-0.PARQUET"]],
    ["M*/Th*y/test-0.json",   ["Music/Theory/test-0.json"]],
    ["M*/README.md",          []],
    ["README.md/*",           []],
    ["*/*",                   ["data/a.json", "data/train-0.parquet", "data/validation-0.parquet"]],
  ])("%s", async (pattern, paths) => {
    const { hub, cache } = await setUp({ files });
    const dataset = { repository: "google/boolq", revision: COMMIT, endpoint: hub.endpoint, cache };
    for (const source of [hubFolder(dataset), localFolder("t", await folderWith(files))]) {
      expect(await (await source.open()).match(pattern)).toEqual(paths);
    }
  });
});

test("returns rows and the images of their published archive, without requests after reading", async () => {
  const image = { image: "a.png", caption: "a cat" };
  const files = { "rows.json": JSON.stringify([image]), "images.zip": zipOf({ "images/a.png": "pixels" }) };
  const { hub, cache } = await setUp({ files, large: ["images.zip"] });
  const reader = rowsFrom({
    errorPrefix: "data-kit-test",
    source: sourceFrom(
      { hub: { endpoint: hub.endpoint, cache } },
      { errorPrefix: "data-kit-test", repository: "google/boolq", revision: COMMIT },
    ),
    files: ["rows.json"],
    schema: z.object({ image: imageColumn, caption: z.string() }),
    images: { column: "image", archive: "images.zip" },
  });
  const rows = await allRows(reader);
  const asked = hub.requests.length;
  expect(Buffer.from(await rows[0]!.image.read()).toString()).toBe("pixels");
  expect(hub.requests).toHaveLength(asked);
});

test("reads one config of several in a repository, from the Hub as from a folder of the same files", async () => {
  const files = {
    "testdev_balanced_instructions/testdev-00000-of-00001.jsonl": '{"id":"q1"}\n{"id":"q2"}',
    "testdev_balanced_images/testdev-00000-of-00002.jsonl": '{"id":"i1"}',
    "testdev_balanced_images/testdev-00001-of-00002.jsonl": '{"id":"i2"}',
    "testdev_all_images/testdev-00000-of-00001.jsonl": '{"id":"other"}',
  };
  const { hub, cache } = await setUp({ files, large: [] });
  const published = { errorPrefix: "data-kit-test", repository: "google/boolq", revision: COMMIT };
  const sources = [
    sourceFrom({ hub: { endpoint: hub.endpoint, cache } }, published),
    sourceFrom({ folder: await folderWith(files) }, published),
  ];
  for (const source of sources) {
    const read = async (pattern: string): Promise<readonly string[]> => {
      const schema = z.object({ id: z.string() });
      const reader = rowsFrom({ errorPrefix: "data-kit-test", source, files: [pattern], schema });
      return (await allRows(reader)).map(({ id }) => id);
    };
    expect(await read("testdev_balanced_images/testdev-*.jsonl")).toEqual(["i1", "i2"]);
    expect(await read("testdev_balanced_instructions/testdev-*.jsonl")).toEqual(["q1", "q2"]);
  }
});

async function setUp(changes: Pick<HubContents, "files" | "large">): Promise<{ hub: HubServer; cache: URL }> {
  return { hub: await hubServer({ name: "google/boolq", commit: COMMIT, ...changes }), cache: temporaryFolder() };
}
