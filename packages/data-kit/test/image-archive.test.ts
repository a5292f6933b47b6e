import { MlanError } from "@mlan/core";
import { imageArchive } from "#internal/images/image-archive.ts";
import { expectSurvival, folderWith, mutations, temporaryFolder } from "@mlan/testing";
import { readdir, readlink, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { zipOf } from "./zip-of.ts";
import { ESCAPES } from "./escaping-names.ts";

describe("an image in a zip archive", () => {
  test("is read once the archive is there, though it was missing before", async () => {
    const folder = temporaryFolder();
    const image = imageArchive("data-x", new URL("images.zip", folder)).image("a.png");
    await expect(image.read()).rejects.toThrow("images.zip");
    await writeFile(new URL("images.zip", folder), zipOf({ "a.png": "one" }));
    expect(Buffer.from(await image.read()).toString()).toBe("one");
  });

  test("is read with or without the folder that all entries share", async () => {
    const folder = await folderWith({ "images.zip": zipOf({ "all/a.png": "one", "all/b/c.png": "two" }) });
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

  test.each([
    ["made on a Mac", { "photos/a.png": "A", "__MACOSX/photos/._a.png": "litter", "photos/.DS_Store": "litter" }],
    ["with litter at its top", { "photos/a.png": "A", ".DS_Store": "litter", "Thumbs.db": "litter" }],
    ["two folders deep", { "data/photos/a.png": "A", "data/photos/b.png": "B" }],
    ["with ./ before its names", { "./photos/a.png": "A", "./photos/b.png": "B" }],
    ["flat", { "a.png": "A", "b.png": "B" }],
  ])("is found in an archive %s", async (_, files: Readonly<Record<string, string>>) => {
    const folder = await folderWith({ "images.zip": zipOf(files) });
    const archive = imageArchive("data-x", new URL("images.zip", folder));
    const whole = Object.keys(files)[0]!;
    for (const name of ["a.png", "./a.png", whole, `./${whole}`, whole.replace("data/", "")]) {
      expect(Buffer.from(await archive.image(name).read()).toString(), name).toBe("A");
    }
  });

  test("is found by its name in either form of Unicode", async () => {
    const names = ["joined é.png".normalize("NFC"), "apart é.png".normalize("NFD")] as const;
    const folder = await folderWith({ "images.zip": zipOf({ [names[0]]: "one", [names[1]]: "two" }) });
    const archive = imageArchive("data-x", new URL("images.zip", folder));
    for (const name of names) {
      const other = await archive.image(name.normalize("NFD")).read();
      expect(await archive.image(name.normalize("NFC")).read()).toEqual(other);
    }
  });

  test("is reported as missing, with the archive's content", async () => {
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`x/${index}.png`, "x"]));
    const folder = await folderWith({ "images.zip": zipOf({ ...files, "__MACOSX/x/._0.png": "litter" }) });
    const image = imageArchive("data-x", new URL("images.zip", folder)).image("a.png");
    await expect(image.read()).rejects.toThrow(
      /there is no image "a.png" in .*images\.zip, which holds x\/0\.png, x\/1\.png, .*x\/4\.png, and 3 more;/,
    );
    await expect(image.find?.()).rejects.toMatchObject({ code: "invalid-data" });
  });

  test("is reported as missing if the file is a Git LFS pointer or not an archive", async () => {
    const folder = await folderWith({ "lfs.zip": "version https://git-lfs.github.com/spec/v1\n", "b.zip": "" });
    for (const [name, reason] of [
      ["lfs.zip", "a Git LFS pointer"],
      ["b.zip", "not a zip file"],
      ["none.zip", "ENOENT"],
    ] as const) {
      const image = imageArchive("data-x", new URL(name, folder)).image("a.png");
      await expect(image.read()).rejects.toMatchObject({
        code: "invalid-data",
        message: expect.stringContaining(reason),
      });
    }
  });

  test.skipIf(process.platform !== "linux")(
    "keeps no file open, whether images were read, missing or damaged",
    async () => {
      const names = Array.from({ length: 40 }, (_, index) => `${index}.png`);
      const bytes = zipOf(Object.fromEntries(names.map((name) => [name, name.repeat(5000)])));
      const damaged = Uint8Array.from(bytes).fill(0xff, 40, 60);
      const folder = await folderWith({ "whole.zip": bytes, "damaged.zip": damaged, "none.zip": "no archive" });
      for (const file of ["whole.zip", "damaged.zip", "none.zip"]) {
        const archive = imageArchive("t", new URL(file, folder));
        const read = await Promise.allSettled([...names, "no.png"].map((name) => archive.image(name).read()));
        const refused = { "whole.zip": 1, "damaged.zip": 2, "none.zip": 41 }[file];
        expect(read.filter(({ status }) => status === "rejected")).toHaveLength(refused ?? -1);
      }
      expect(await openBelow(folder)).toEqual([]);
    },
  );

  test("is found without being read, and detects changed bytes", async () => {
    const found = async (text: string) => {
      const folder = await folderWith({ "images.zip": zipOf({ "a.png": text }) });
      return imageArchive("data-x", new URL("images.zip", folder)).image("a.png").find?.();
    };
    expect(await found("one")).toEqual(await found("one"));
    expect(await found("one")).not.toEqual(await found("two"));
  });

  test.each([
    ["its checksum is wrong", (zip: Buffer) => everywhere(zip, { local: 14, central: 16 }, 0x1234_5678)],
    ["has 4294967294 bytes unpacked", (zip: Buffer) => everywhere(zip, { local: 22, central: 24 }, 0xffff_fffe)],
    ["too many bytes in the stream", (zip: Buffer) => everywhere(zip, { local: 22, central: 24 }, 1)],
    ["ends beyond the end", (zip: Buffer) => everywhere(zip, { local: 18, central: 20 }, 0x7fff_ffff)],
    ["overlaps the next entry", (zip: Buffer) => zip.writeUInt32LE(1, zip.lastIndexOf(CENTRAL) + 42)],
    ["is encrypted", (zip: Buffer) => zip.writeUInt8(1, zip.indexOf(CENTRAL) + 8)],
    ["compression method", (zip: Buffer) => zip.writeUInt16LE(99, zip.indexOf(CENTRAL) + 10)],
  ])("is refused where %s", async (problem, damage) => {
    const zip = Buffer.from(zipOf({ "a.png": "one one one one", "b.png": "two two two two" }));
    damage(zip);
    const folder = await folderWith({ "images.zip": zip });
    const image = imageArchive("data-x", new URL("images.zip", folder)).image("a.png");
    await expect(image.read()).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringMatching(new RegExp(`image "a.png" cannot be read from .*images.zip: .*${problem}`)),
    });
  });

  test("is read, or refused with one error, in 300 damaged archives", async () => {
    const folder = temporaryFolder();
    const original = zipOf({ "x/a.png": "pixels ".repeat(40), "x/b.png": "more", "__MACOSX/._a": "litter" });
    const counts = await expectSurvival(mutations(original, 300, 5), {
      async attempt(bytes) {
        await writeFile(new URL("images.zip", folder), bytes);
        const archive = imageArchive("data-x", new URL("images.zip", folder));
        for (const name of ["a.png", "x/b.png"]) await archive.image(name).read();
      },
      isTyped: (error) => MlanError.is(error, "invalid-data"),
    });
    expect(counts.accepted).toBeGreaterThan(0);
    expect(counts.refused).toBeGreaterThan(100);
  });

  test("is refused if the archive's directory is beyond the end of the file", async () => {
    const zip = zipOf({ "a.png": "one" });
    const locator = Buffer.alloc(20, 0xff);
    locator.writeUInt32LE(0x07064b50);
    const folder = await folderWith({
      "images.zip": Buffer.concat([zip.subarray(0, -22), locator, zip.subarray(-22)]),
    });
    await expect(imageArchive("data-x", new URL("images.zip", folder)).image("a.png").read()).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining("refers to a position beyond the end of the archive"),
    });
  });

  test.each(ESCAPES)("is refused if its name points outside the archive: %j", async (name) => {
    const archive = imageArchive("data-x", new URL("file:///nowhere.zip"));
    expect(() => archive.image(name)).toThrow(/outside its folder|has a character that no file name can have/);
  });

  test("cannot be read when the archive is damaged or missing", async () => {
    const folder = await folderWith({ "images.zip": zipOf({ "a.png": "one" }).subarray(0, -10) });
    for (const name of ["images.zip", "missing.zip"]) {
      await expect(imageArchive("data-x", new URL(name, folder)).image("a.png").read()).rejects.toMatchObject({
        code: "invalid-data",
        message: expect.stringContaining("cannot be read from"),
      });
    }
  });
});

const CENTRAL = Buffer.from("PK\x01\x02", "latin1");

/** Writes a number into the local and the central header of the first file. */
function everywhere(zip: Buffer, { local, central }: { local: number; central: number }, value: number): void {
  zip.writeUInt32LE(value, local);
  zip.writeUInt32LE(value, zip.indexOf(CENTRAL) + central);
}

/** The files of a folder that this process has open. */
async function openBelow(folder: URL): Promise<readonly string[]> {
  const descriptors = await readdir("/proc/self/fd");
  const files = await Promise.all(descriptors.map((one) => readlink(`/proc/self/fd/${one}`).catch(() => "")));
  return files.filter((file) => file.startsWith(fileURLToPath(folder)));
}
