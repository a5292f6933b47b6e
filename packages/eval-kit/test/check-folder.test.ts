import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { pathOf } from "@mlan/core";
import { checkFolder } from "@mlan/eval-kit";
import { expect, onTestFinished, test } from "vitest";

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mlan-check-folder-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

// On Windows a backslash separates folders, elsewhere it is a letter of a name: both can be made.
test.each(["", "a", "a/b/c", "a\\b\\c", "a\\", "a b%20c", "é#?"])(
  "a folder that can be made passes: %j",
  async (name) => {
    const folder = await scratch();
    for (const place of [join(folder, name), `${folder}/${name}`, pathToFileURL(join(folder, name))]) {
      await expect(checkFolder("t", place)).resolves.toBeUndefined();
    }
    expect(await readdir(folder)).toEqual([]);
  },
);

test.each(["file", "file/below", "file/be\\low"])("a file in the way is named: %j", async (name) => {
  const folder = await scratch();
  await writeFile(join(folder, "file"), "");
  const error: unknown = await checkFolder("t: featureCache", join(folder, name)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "unavailable" });
  const wanted = pathOf(pathToFileURL(`${join(folder, name)}/`));
  expect(String(error)).toContain(`t: featureCache: ${wanted} cannot be written: `);
  expect(String(error)).toContain("Give another folder.");
});
