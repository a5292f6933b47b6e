import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pageScript } from "../scripts/bundle.ts";

const bundled = await pageScript();

test("the script of the page is what client/ and its libraries are bundled to: npm run bundle -w @mlan/report", () => {
  const written = readFileSync(new URL("../src/page-script.ts", import.meta.url), "utf8");
  expect(bundled === written).toBe(true);
});

test("the script takes less than 400 kB, and holds nothing that would end its element", () => {
  expect(bundled.length).toBeLessThan(400_000);
  expect(/<\/script|<!--/i.test(bundled)).toBe(false);
});
