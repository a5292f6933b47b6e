import type { ImageReference } from "@mlan/core";
import { expect, test } from "vitest";
import { imageSet } from "../src/answer/image-set.ts";

test("equal bytes in the same orientation are one image", async () => {
  const read = async () => new Uint8Array([1, 2, 3]);
  const stored: ImageReference = { name: "a", read };
  const again: ImageReference = { name: "b", read, orientation: "stored" };
  const upright: ImageReference = { name: "c", read, orientation: "upright" };
  const { images, numberOf } = await imageSet([{ id: "1", images: [stored, again, upright] }]);
  expect([stored, again, upright].map(numberOf)).toEqual([0, 0, 1]);
  expect(images.map(({ orientation }) => orientation)).toEqual([undefined, "upright"]);
  expect(images[0]?.hash).not.toBe(images[1]?.hash);
  expect(await images[1]?.read()).toEqual(await read());
});
