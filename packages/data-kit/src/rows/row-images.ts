import type { ImageReference } from "@mlan/core";
import { imageNameProblem } from "../images/image-name.ts";
import { imageFromBytes, isImageReference } from "../images/image-reference.ts";
import type { ImageStore } from "../images/image-store.ts";
import { badRow, placeText, type RowPlace } from "./check-row.ts";

/**
 * Replaces image names in a row's image columns with images; an empty name means no image. Any other value is left to
 * the schema.
 */
export function withImages(row: unknown, columns: readonly string[], store: ImageStore, place: RowPlace): unknown {
  if (typeof row !== "object" || row === null || Array.isArray(row)) return row;
  const images = columns.flatMap((column) => {
    const cell: unknown = Object(row)[column];
    if (cell === undefined) return [];
    const imageOf = (one: unknown): unknown => imageIn(one, column, store, place);
    return [[column, Array.isArray(cell) ? cell.map(imageOf) : imageOf(cell)]];
  });
  return images.length === 0 ? row : { ...row, ...Object.fromEntries(images) };
}

function imageIn(cell: unknown, column: string, store: ImageStore, place: RowPlace): unknown {
  if (cell === "") return null;
  const image = typeof cell === "string" ? imageNamed(cell, column, store, place) : cell;
  if (!isImageReference(image)) return image;
  return { ...image, origin: `${placeText(place)}, column "${column}"` };
}

function imageNamed(name: string, column: string, store: ImageStore, place: RowPlace): ImageReference {
  const data = DATA_URL.exec(name);
  if (data) return imageFromBytes(`${place.file}#${place.row}`, Buffer.from(name.slice(data[0].length), "base64"));
  const problem = imageNameProblem(name);
  if (problem !== undefined) throw badRow(place, `, column "${column}": ${problem}`);
  return store.image(name);
}

const DATA_URL = /^data:image\/[a-z0-9.+-]+;base64,/i;
