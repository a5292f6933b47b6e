import { describe, expect, test } from "vitest";
import { editDistance } from "../src/project/edit-distance.ts";
import { withInstallHint } from "../src/project/install-hint.ts";
import { OUR_PACKAGES } from "../src/project/our-packages.ts";

describe("of a package that is missing", () => {
  test.each(OUR_PACKAGES)("the install command is given for mlan's own: %s", async (name) => {
    expect(await hint(name)).toBe(`${name} is not installed here. Install it: npm install ${name}`);
    expect(await hint(`${name}/inner`)).toContain(`npm install ${name}`);
  });

  test.each([
    ["me/receipts", "me"],
    ["@acme/data-road-signs", "@acme/data-road-signs"],
    ["left-pad", "left-pad"],
    ["x".repeat(100_000), "x"],
    ["; rm -rf ~", "; rm -rf ~"],
    ["@mlan/data-gp9x", "@mlan/data-gp9x"],
    ["@mlan-js/core-of-it", "@mlan-js/core-of-it"],
  ])("no command is given for another's: %.40s", async (specifier, shown) => {
    const message = await hint(specifier);
    expect(message).toContain(`${shown}`);
    expect(message).not.toMatch(/npm|install it/i);
    expect(message.length).toBeLessThan(1000);
  });

  test.each([
    ["@mlan/model-vicunna", "model", "vicuna"],
    ["@mlan/data-bolq", "data", "boolq"],
    ["@mlan/data-helaswag", "data", "hellaswag"],
    ["@mlan/data-qga", "data", "gqa"],
    ["@mlan/eval-genertaion", "eval", "generation"],
    ["mlan/trainer-cpu", undefined, undefined],
    ["@mlan/trainer-cpuu", undefined, "@mlan/trainer-cpu"],
    ["@mlan/data-kitt", "data", "@mlan/data-kit"],
    ["@mlan/data-miniwrld", "data", "@mlan/data-miniworld"],
  ])("a name similar to one of ours is suggested: %s", async (name, kind, meant) => {
    const message = await hint(name, kind);
    if (meant === undefined) expect(message).not.toContain("Did you mean");
    else expect(message).toBe(`${name} is not installed here. Did you mean ${meant}?`);
  });

  test("those of the kind are listed when none is near", async () => {
    expect(await hint("@mlan/eval-nothing", "eval")).toMatch(/Available: generation, likelihood\.$/);
  });
});

test.each([
  ["", "", 0],
  ["vicuna", "vicuna", 0],
  ["vicunna", "vicuna", 1],
  ["vciuna", "vicuna", 1],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
])("%j and %j are %i letters apart", (one, other, distance) => {
  expect(editDistance(one, other)).toBe(distance);
  expect(editDistance(other, one)).toBe(distance);
});

async function hint(specifier: string, kind?: string): Promise<string> {
  const error = Object.assign(new Error(`Cannot find package '${specifier}' imported from /home/me/a.ts`), {
    code: "ERR_MODULE_NOT_FOUND",
  });
  const thrown: unknown = await withInstallHint(() => Promise.reject(error), kind).catch((caught: unknown) => caught);
  expect(thrown).toMatchObject({ code: "missing-plugin" });
  return Object(thrown).message;
}
