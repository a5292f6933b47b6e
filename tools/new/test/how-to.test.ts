import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { scratchWorkspace } from "../../setup/scratch-workspace.ts";
import { follow } from "./page.ts";

const folder = "docs/how-to";
let copy: string;
beforeAll(() => {
  copy = scratchWorkspace();
});
afterAll(() => rmSync(copy, { recursive: true }));

it.each(readdirSync(new URL(`../../../${folder}/`, import.meta.url)))(
  "%s holds when it is followed to the letter",
  async (page) => {
    await expect(follow(join(folder, page), copy)).resolves.toBe(undefined);
  },
);
