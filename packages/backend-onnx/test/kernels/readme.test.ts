import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { withKernelList } from "../../scripts/list-kernels.ts";

it("the README lists every kernel (npm run list-kernels)", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  expect(withKernelList(readme)).toBe(readme);
});
