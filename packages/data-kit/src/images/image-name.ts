import { MlanError, shownValue } from "@mlan/core";

/** Throws `invalid-data` for a name that is absolute or contains "..". */
export function checkImageName(name: string, errorPrefix: string): void {
  const problem = imageNameProblem(name);
  if (problem !== undefined) throw new MlanError("invalid-data", `${errorPrefix}: ${problem}.`);
}

/** Describes why an image with this name is refused. Undefined for a name inside the image folder. */
export function imageNameProblem(name: string): string | undefined {
  const shown = `image ${shownValue(name)}`;
  if (/^https?:\/\//i.test(name))
    return `${shown} is a web address; download the file and use its path in the image folder`;
  if (name.includes("\0") || /\p{Surrogate}/u.test(name)) return `${shown} has a character that no file name can have`;
  const climbs = name.split(/[/\\]/).includes("..");
  const absolute = /^([/\\]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:\/\/)/.test(name);
  if (name !== "" && !climbs && !absolute) return undefined;
  return `${shown} is outside its folder, and only files inside it are read`;
}

/** Returns the name without `./` and doubled slashes. */
export function plainName(name: string): string {
  return name
    .split("/")
    .filter((segment) => segment !== "" && segment !== ".")
    .join("/");
}

/** Returns the spellings of a name: as given, in composed Unicode form, and in decomposed form as on macOS. */
export function spellings(name: string): readonly string[] {
  return [...new Set([name, name.normalize("NFC"), name.normalize("NFD")])];
}

/** Maximum size of an encoded image in bytes. A larger file could fill the memory. */
export const MOST_IMAGE_BYTES: number = 256 * 2 ** 20;

/** The location of an image without a name. */
export interface ImagePlace {
  readonly file: string;
  readonly row: number;
  /** The column, if rows have images in several columns. */
  readonly column?: string | undefined;
  /** Index in a list of several images. */
  readonly index?: number | undefined;
}

/** Returns a name made from an image's location, e.g. "test.parquet#7" or "test.parquet#7.image_2". */
export function nameOfPlace({ file, row, column, index }: ImagePlace): string {
  return [`${file}#${row}`, column, index].filter((part) => part !== undefined).join(".");
}
