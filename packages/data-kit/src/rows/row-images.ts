import type { ImageReference } from "@mlan/core";
import { imageNameProblem, nameOfPlace } from "../images/image-name.ts";
import { imageFromBytes, isImageReference } from "../images/image-reference.ts";
import type { ImageStore } from "../images/image-store.ts";
import { badRow, placeText, type RowPlace } from "./check-row.ts";

/**
 * Replaces image names in a row's image columns with images. An empty name means no image. Other values are left for
 * the schema to check.
 */
export function withImages(row: unknown, columns: readonly string[], store: ImageStore, place: RowPlace): unknown {
  if (typeof row !== "object" || row === null || Array.isArray(row)) return row;
  const present = columns.filter((column) => Object(row)[column] !== undefined);
  const images = present.map((column) => {
    const cell: unknown = Object(row)[column];
    const imageOf = (one: unknown, index?: number): unknown =>
      imageIn(one, { ...place, column, named: present.length > 1, index }, store);
    return [
      column,
      Array.isArray(cell) ? cell.map((one, index) => imageOf(one, cell.length > 1 ? index : undefined)) : imageOf(cell),
    ];
  });
  return images.length === 0 ? row : { ...row, ...Object.fromEntries(images) };
}

interface CellPlace extends RowPlace {
  readonly column: string;
  /** Whether the row has several image columns. */
  readonly named: boolean;
  readonly index: number | undefined;
}

function imageIn(cell: unknown, place: CellPlace, store: ImageStore): unknown {
  if (cell === "") return null;
  const image = typeof cell === "string" ? imageNamed(cell, place, store) : cell;
  if (!isImageReference(image)) return image;
  return { ...image, origin: `${placeText(place)}, column "${place.column}"` };
}

function imageNamed(name: string, place: CellPlace, store: ImageStore): ImageReference {
  const { file, row, column, named, index } = place;
  const data = DATA_URL.exec(name);
  if (data) {
    const own = nameOfPlace({ file, row, column: named ? column : undefined, index });
    return imageFromBytes(own, Buffer.from(name.slice(data[0].length), "base64"));
  }
  const problem = imageNameProblem(name);
  if (problem !== undefined) throw badRow(place, `, column "${column}": ${problem}`);
  return store.image(name);
}

const DATA_URL = /^data:image\/[a-z0-9.+-]+;base64,/i;
