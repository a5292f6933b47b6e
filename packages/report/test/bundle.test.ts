import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pageScript } from "../scripts/bundle.ts";

test("the script of the page is what client/ and its libraries are bundled to: npm run bundle -w @mlan/report", async () => {
  const written = readFileSync(new URL("../src/page-script.ts", import.meta.url), "utf8");
  expect((await pageScript()) === written).toBe(true);
});

test("the script takes less than 400 kB, and holds nothing that would end its element", async () => {
  const script = await pageScript();
  expect(script.length).toBeLessThan(400_000);
  expect(script).not.toMatch(/<\/script|<!--/i);
});
