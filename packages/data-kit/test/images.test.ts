import { imageArchive, imageFromBytes, imageFromFile } from "@mlan/data-kit";
import { symlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";
import { zipOf } from "./zip-of.ts";

const ESCAPES = [
  "../secret.png",
  "a/../../secret.png",
  "/etc/passwd",
  "..\\secret.png",
  "C:\\secret.png",
  "file:///etc/passwd",
  "a\0.png",
  "a\ud800.png",
  "",
];

test("an image in memory is its bytes", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  expect(imageFromBytes("row 1", bytes).name).toBe("row 1");
  expect(await imageFromBytes("row 1", bytes).read()).toEqual(bytes);
});

describe("an image in a folder", () => {
  test("is read by its name, whatever characters that has", async () => {
    const folder = await temporaryFolder({ "a/b%20%23%3F%C3%A9.png": "pixels" });
    expect(Buffer.from(await imageFromFile(folder, "a/b #?é.png").read()).toString()).toBe("pixels");
  });

  test.each(ESCAPES)("is refused when its name leads out of the folder: %j", async (name) => {
    const folder = await temporaryFolder({ "secret.png": "secret", "images/a.png": "pixels" });
    expect(() => imageFromFile(new URL("images/", folder), name, "data-x")).toThrow(
      /^data-x: image .* (outside its folder|has a character that no file name has)/,
    );
  });

  test("is refused when a link leads out of the folder, not when one stays inside", async () => {
    const folder = await temporaryFolder({ "secret.png": "secret", "images/a.png": "pixels" });
    const images = new URL("images/", folder);
    await symlink(fileURLToPath(new URL("secret.png", folder)), new URL("out.png", images));
    await symlink(fileURLToPath(folder), new URL("up", images));
    await symlink("a.png", new URL("in.png", images));
    await expect(imageFromFile(images, "out.png").read()).rejects.toThrow("is a link out of its folder");
    await expect(imageFromFile(images, "up/secret.png").read()).rejects.toThrow("is a link out of its folder");
    expect(Buffer.from(await imageFromFile(images, "in.png").read()).toString()).toBe("pixels");
  });

  test("says that a name is an address, or is a folder's", async () => {
    const folder = await temporaryFolder({ "images/a.png/b.png": "pixels" });
    expect(() => imageFromFile(folder, "https://example.org/a.png", "data-x")).toThrow(
      'data-x: image "https://example.org/a.png" is an address; download the file',
    );
    await expect(imageFromFile(folder, "images/a.png", "data-x").read()).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining("images/a.png cannot be read (it is a folder, not an image)"),
    });
  });

  test("names a place that cannot be read, and why", async () => {
    const folder = await temporaryFolder({});
    await symlink("loop", new URL("loop", folder));
    await expect(imageFromFile(folder, "loop/a.png").read()).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining("loop/a.png cannot be read (ELOOP"),
    });
    const name = `${"x".repeat(10_000_000)}.png`;
    await expect(imageFromFile(folder, name).read()).rejects.toThrow(/^data-kit: there is no image "x{59}\.\.\. in/);
  });

  test("is missed by name and folder when it is not there", async () => {
    const folder = await temporaryFolder();
    const missing = imageFromFile(folder, "a.png", "data-x");
    await expect(missing.read()).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining(`data-x: there is no image "a.png" in ${fileURLToPath(folder)}`),
    });
  });
});

describe("an image in a zip archive", () => {
  test("is read with or without the folder that all entries share", async () => {
    const folder = await temporaryFolder({ "images.zip": zipOf({ "all/a.png": "one", "all/b/c.png": "two" }) });
    const archive = imageArchive("data-x", new URL("images.zip", folder));
    for (const [name, text] of [
      ["all/a.png", "one"],
      ["a.png", "one"],
      ["b/c.png", "two"],
    ] as const) {
      expect(Buffer.from(await archive.image(name).read()).toString()).toBe(text);
    }
    await expect(archive.image("c.png").read()).rejects.toThrow('there is no image "c.png"');
  });

  test.each(ESCAPES)("is refused when its name leads out of the archive: %j", async (name) => {
    const archive = imageArchive("data-x", new URL("file:///nowhere.zip"));
    expect(() => archive.image(name)).toThrow(/outside its folder|has a character that no file name has/);
  });

  test("cannot be read when the archive is damaged or missing", async () => {
    const folder = await temporaryFolder({ "images.zip": zipOf({ "a.png": "one" }).subarray(0, -10) });
    for (const name of ["images.zip", "missing.zip"]) {
      await expect(imageArchive("data-x", new URL(name, folder)).image("a.png").read()).rejects.toMatchObject({
        code: "invalid-data",
        message: expect.stringContaining("cannot be read from"),
      });
    }
  });
});
