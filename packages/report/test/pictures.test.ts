import { fileURLToPath } from "node:url";
import { folderWith } from "@mlan/testing";
import { expect, test } from "vitest";
import { createPictures, type Pictures } from "#internal/pictures.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

function picturesOf(bytes: number): Pictures {
  const pictures = createPictures();
  pictures.allow(bytes);
  return pictures;
}

async function pathOf(content: string | Uint8Array): Promise<string> {
  return fileURLToPath(new URL("picture", await folderWith({ picture: content })));
}

test("a picture is a data URI of the kind that its bytes have, whatever its name", async () => {
  const read = (bytes: Uint8Array): Promise<unknown> =>
    pathOf(bytes).then((file) => picturesOf(1000).read({ name: "<b>.svg", file }));
  expect(await read(PNG)).toEqual({ name: "<b>.svg", uri: `data:image/png;base64,${PNG.toString("base64")}` });
  expect(await read(Buffer.from("\xff\xd8\xff\xe0rest", "latin1"))).toMatchObject({
    uri: expect.stringMatching(/^data:image\/jpeg;/),
  });
  expect(await read(Buffer.from("RIFF1234WEBPVP8 "))).toMatchObject({
    uri: expect.stringMatching(/^data:image\/webp;/),
  });
});

test.each(['<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "root:x:0:0:root", ""])(
  "a file that is not a picture is not shown: %j",
  async (content) => {
    const file = await pathOf(content);
    const missing = `${file} is not a PNG, JPEG, GIF, WebP or BMP image`;
    expect(await picturesOf(1000).read({ name: "a", file })).toEqual({ name: "a", missing });
  },
);

test("a picture that is gone, a folder, or inside a data file says so", async () => {
  const folder = fileURLToPath(await folderWith({}));
  const read = (file?: string): Promise<unknown> =>
    picturesOf(1e6).read({ name: "a", ...(file !== undefined && { file }) });
  expect(await read(`${folder}gone.png`)).toEqual({ name: "a", missing: `${folder}gone.png is no longer there` });
  expect(await read(folder)).toMatchObject({ missing: expect.stringMatching(/cannot be read/) });
  const gone = await picturesOf(1e6).read({ name: "a", isMissing: true });
  expect(gone).toEqual({ name: "a", missing: "the file is no longer there" });
  expect(await read()).toEqual({ name: "a", missing: "the image is inside a data file, and the run did not keep it" });
});

test("pictures are included up to the limit", async () => {
  const file = await pathOf(PNG);
  const pictures = picturesOf(PNG.length * 2);
  const read = async (): Promise<boolean> => (await pictures.read({ name: "a", file })).uri !== undefined;
  expect([await read(), await read(), await read()]).toEqual([true, true, false]);
  pictures.allow(PNG.length);
  expect(await read()).toBe(true);
});
