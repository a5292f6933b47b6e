import { MlanError, shownValue } from "@mlan/core";

/** Throws an `invalid-data` error for a name that is absolute or climbs with "..". */
export function checkImageName(name: string, errorPrefix: string): void {
  const problem = imageNameProblem(name);
  if (problem !== undefined) throw new MlanError("invalid-data", `${errorPrefix}: ${problem}.`);
}

/** Why an image of this name is not read; undefined for a name below the image folder. */
export function imageNameProblem(name: string): string | undefined {
  const shown = `image ${shownValue(name)}`;
  if (/^https?:\/\//i.test(name)) return `${shown} is an address; download the file and name it below its folder`;
  if (name.includes("\0") || /\p{Surrogate}/u.test(name)) return `${shown} has a character that no file name has`;
  const climbs = name.split(/[/\\]/).includes("..");
  const absolute = /^([/\\]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:\/\/)/.test(name);
  if (name !== "" && !climbs && !absolute) return undefined;
  return `${shown} lies outside its folder, and only names below that are read`;
}

/** The same name without `./` and doubled slashes. */
export function plainName(name: string): string {
  return name
    .split("/")
    .filter((segment) => segment !== "" && segment !== ".")
    .join("/");
}

/** The ways to write a name: as it is, and with accents joined to their letters or apart, as macOS writes them. */
export function spellings(name: string): readonly string[] {
  return [...new Set([name, name.normalize("NFC"), name.normalize("NFD")])];
}

/** Bytes of an encoded image. None is larger; a file or an entry that is would fill the memory. */
export const MOST_IMAGE_BYTES: number = 256 * 2 ** 20;
