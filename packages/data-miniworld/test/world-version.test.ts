import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { writeMiniworld } from "@mlan/data-miniworld";
import { temporaryFolder } from "@mlan/testing";
import { expect, test } from "vitest";

const SMALL = {
  seed: 1,
  raceArticles: 8,
  openbookqaQuestions: 8,
  boolqQuestions: 8,
  hellaswagSources: 4,
  realworldqaImages: 6,
  ai2dImages: 4,
  popeImages: 2,
  gqaImages: 2,
  scienceqaImages: 2,
  captions: 40,
  instructions: 40,
};

/**
 * A folder with an earlier world is kept as long as the version is the same. If this test fails, increase VERSION in
 * write-miniworld.ts, and update the digest here.
 */
test("other text has another version", async () => {
  const { folder } = await writeMiniworld(new URL("world/", temporaryFolder()), SMALL);
  const root = fileURLToPath(folder);
  const files = (await readdir(root, { recursive: true })).filter((name) => /\.jsonl?$/.test(name)).toSorted();
  const hash = createHash("sha256");
  for (const name of files) if (name !== "miniworld.json") hash.update(name).update(await readFile(`${root}/${name}`));
  const { version } = JSON.parse(await readFile(`${root}/miniworld.json`, "utf8")) as { readonly version: number };
  expect(files.length).toBeGreaterThan(8);
  expect([version, hash.digest("hex").slice(0, 16)]).toEqual([7, "0483e4924ed613c6"]);
});
