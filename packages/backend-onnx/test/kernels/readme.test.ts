import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { withKernelList } from "../../scripts/list-kernels.ts";

it("KERNELS.md lists every kernel (npm run list-kernels)", () => {
  const page = readFileSync(new URL("../../KERNELS.md", import.meta.url), "utf8");
  expect(withKernelList(page)).toBe(page);
});
