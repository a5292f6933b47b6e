import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { scratchWorkspace } from "../../setup/scratch-workspace.ts";
import { follow, runCommand } from "./page.ts";

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

it.each(["check:lint", "check:format", "check:unused"])("what the pages make passes %s", async (gate) => {
  await expect(runCommand(`npm run ${gate}`, copy)).resolves.toBe(undefined);
});

it("what the pages make has the right types", async () => {
  await expect(runCommand("npx tsc --project tsconfig.check.json", copy)).resolves.toBe(undefined);
});
