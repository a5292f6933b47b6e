import { readFileSync } from "node:fs";
import semver from "semver";
import { expect, it } from "vitest";
import { z } from "zod";

const root = new URL("../../../", import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), "utf8"));
const workspace = z.object({ engines: z.object({ node: z.string() }) });
const lock = z.object({
  packages: z.record(z.string(), z.object({ engines: z.object({ node: z.string().optional() }).optional().catch({}) })),
});

it("no installed package refuses the oldest Node that the workspace promises", () => {
  const oldest = semver.minVersion(workspace.parse(read("package.json")).engines.node);
  if (oldest === null) throw new Error("package.json promises no Node");
  const refusing = Object.entries(lock.parse(read("package-lock.json")).packages).flatMap(([path, { engines }]) =>
    engines?.node === undefined || semver.satisfies(oldest, engines.node) ? [] : [`${path} wants Node ${engines.node}`],
  );
  expect(refusing).toEqual([]);
});
