import { stampOf } from "@mlan/core";
import { imageColumn, imageFromBytes, imageFromFile, localFolder, rowsFrom } from "@mlan/data-kit";
import { folderWith, temporaryFolder } from "@mlan/testing";
import { execFile } from "node:child_process";
import { mkdir, realpath, symlink, truncate } from "node:fs/promises";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ESCAPES } from "./escaping-names.ts";

const MIB = 2 ** 20;

test("an image in memory is its bytes", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  expect(imageFromBytes("row 1", bytes).name).toBe("row 1");
  expect(await imageFromBytes("row 1", bytes).read()).toEqual(bytes);
});

describe("an image in a folder", () => {
  test("is read by its name, with any characters", async () => {
    const folder = await folderWith({ "a/b%20%23%3F%C3%A9.png": "pixels" });
    expect(Buffer.from(await imageFromFile(folder, "a/b #?é.png").read()).toString()).toBe("pixels");
  });

  test.each(ESCAPES)("is refused if its name points outside the folder: %j", async (name) => {
    const folder = await folderWith({ "secret.png": "secret", "images/a.png": "pixels" });
    expect(() => imageFromFile(new URL("images/", folder), name, "data-x")).toThrow(
      /^data-x: image .* (outside its folder|has a character that no file name can have)/,
    );
  });

  test("is refused if a link points outside the folder, but not inside it", async () => {
    const folder = await folderWith({ "secret.png": "secret", "images/a.png": "pixels" });
    const images = new URL("images/", folder);
    await symlink(fileURLToPath(new URL("secret.png", folder)), new URL("out.png", images));
    await symlink(fileURLToPath(folder), new URL("up", images));
    await symlink("a.png", new URL("in.png", images));
    await expect(imageFromFile(images, "out.png").read()).rejects.toThrow("is a link out of its folder");
    await expect(imageFromFile(images, "up/secret.png").read()).rejects.toThrow("is a link out of its folder");
    expect(Buffer.from(await imageFromFile(images, "in.png").read()).toString()).toBe("pixels");
  });

  test("reports a name that is a web address or a folder", async () => {
    const folder = await folderWith({ "images/a.png/b.png": "pixels" });
    expect(() => imageFromFile(folder, "https://example.org/a.png", "data-x")).toThrow(
      'data-x: image "https://example.org/a.png" is a web address; download the file',
    );
    await expect(imageFromFile(folder, "images/a.png", "data-x").read()).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining("images/a.png cannot be read (it is a folder, not an image)"),
    });
  });

  test("names a place that cannot be read, and why", async () => {
    const folder = await folderWith({});
    await symlink("loop", new URL("loop", folder));
    await expect(imageFromFile(folder, "loop/a.png").read()).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining("loop/a.png cannot be read (ELOOP"),
    });
    const name = `${"x".repeat(10_000_000)}.png`;
    await expect(imageFromFile(folder, name).read()).rejects.toThrow(/^data-kit: there is no image "x{59}\.\.\. in/);
  });

  test("is reported by name and folder if it is missing", async () => {
    const folder = temporaryFolder();
    const missing = imageFromFile(folder, "a.png", "data-x");
    await expect(missing.read()).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining(`data-x: there is no image "a.png" in ${fileURLToPath(folder)}`),
    });
  });
});

describe("in a folder of images", () => {
  test("a folder, a pipe, or a file of 300 MiB is not an image", async () => {
    const folder = await folderWith({ "big.png": "" });
    await mkdir(new URL("sub.png/", folder));
    await truncate(new URL("big.png", folder), 300 * MIB);
    await promisify(execFile)("mkfifo", [fileURLToPath(new URL("pipe.png", folder))]);
    for (const [name, problem] of [
      ["sub.png", "it is a folder, not an image"],
      ["big.png", "it has 314572800 bytes, and images may have up to 268435456"],
      ["pipe.png", "it is not a regular file"],
      ["x".repeat(300), "there is no image"],
    ] as const) {
      const image = imageFromFile(folder, name, "data-x");
      for (const look of [() => image.read(), () => image.find?.()]) {
        await expect(look()).rejects.toMatchObject({
          code: "invalid-data",
          message: expect.stringContaining(problem),
        });
      }
    }
  });

  test("names may begin with ./ and contain accents in either Unicode form", async () => {
    const folder = await folderWith({ "caf%C3%A9.png": "joined", "cre%CC%80me.png": "apart" });
    const text = async (name: string) => Buffer.from(await imageFromFile(folder, name).read()).toString();
    expect(await text("./café.png".normalize("NFD"))).toBe("joined");
    expect(await text(".//crème.png".normalize("NFC"))).toBe("apart");
  });

  test("half a character in a name is refused, not thrown at", () => {
    expect(() => imageFromFile(new URL("file:///nowhere/"), "\ud800.png", "data-x")).toThrow(
      /^data-x: image "\\ud800\.png" has a character that no file name can have/,
    );
  });

  test("finding an image reads nothing, and does not trust the modification time of a file that was just written", async () => {
    const folder = await folderWith({ "a.png": "one" });
    const file = await realpath(new URL("a.png", folder));
    expect(await imageFromFile(folder, "a.png").find?.()).toEqual({ stamp: "", file });
    const [place, name] = [new URL("./", import.meta.url), "images.test.ts"];
    const settled = { stamp: await stampOf(new URL(name, place)), file: await realpath(new URL(name, place)) };
    expect(await imageFromFile(place, name).find?.()).toEqual(settled);
    await expect(imageFromFile(folder, "b.png").find?.()).rejects.toThrow('there is no image "b.png"');
    const digests = [3, 4].map((length) => imageFromBytes("row 1", new Uint8Array(length)).find?.());
    expect(await digests[0]).toEqual({ stamp: "", digest: expect.stringMatching(/^[\da-f]{64}$/) });
    expect(await digests[0]).not.toEqual(await digests[1]);
  });

  test.each(["nowhere/", "nowhere.zip"])("a place that does not exist is noticed at opening: %s", async (place) => {
    const folder = await folderWith({ "rows.json": '[{"image":"a.png"}]' });
    const rows = rowsFrom({
      errorPrefix: "data-x",
      source: localFolder("data-x", new URL("rows.json", folder)),
      files: ["*.json"],
      schema: z.object({ image: imageColumn }),
      images: { column: "image", at: new URL(place, folder) },
    });
    await expect(rows.read()).rejects.toThrow(`data-x: images cannot be read from ${fileURLToPath(folder)}nowhere`);
  });
});
