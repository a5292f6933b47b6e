import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
/** The code without its header comment. The README's text replaces this comment. */
const code = (path: string): string => read(path).replace(/^\/\*\*[\s\S]*?\*\/\n/, "");
const lines = (path: string): number => code(path).trimEnd().split("\n").length;

it.each([
  ["README.md", "mixture.ts"],
  ["docs/own-dataset.md", "receipts.ts"],
])("%s shows examples/%s as it is type-checked", (page, example) => {
  expect(read(page)).toContain(`\`\`\`ts\n${code(`examples/${example}`)}\`\`\``);
});

it("an experiment fits into 30 lines, a dataset of one's own into 40", () => {
  expect(lines("examples/mixture.ts")).toBeLessThanOrEqual(30);
  expect(lines("examples/receipts.ts")).toBeLessThanOrEqual(40);
});

it("the README promises the two commands that package.json has", () => {
  const { scripts } = JSON.parse(read("package.json"));
  expect(read("README.md")).toMatch(/npm start .*\nnpm test /);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["start", "test"]));
});
