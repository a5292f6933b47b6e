import { messageOf, MlanError } from "@mlan/core";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plan } from "./plan.ts";

const ROOT = new URL("../../", import.meta.url);

/**
 * Writes the package, the changed files around it, and the link through which other packages import it. If something
 * cannot be written, undoes everything and throws `unavailable`.
 */
export function writeAll({ folder, files, changed }: Plan): void {
  const undo: (() => void)[] = [];
  try {
    const place = new URL(`packages/${folder}/`, ROOT);
    // Not recursive, so that a second process that creates the same package at the same time is refused.
    mkdirSync(place);
    undo.push(() => rmSync(place, { recursive: true }));
    for (const [path, text] of files) {
      const file = new URL(path, place);
      mkdirSync(new URL("./", file), { recursive: true });
      writeFileSync(file, text);
    }
    for (const [path, text] of changed) {
      const file = new URL(path, ROOT);
      const before = existsSync(file) ? readFileSync(file) : undefined;
      undo.push(() => (before === undefined ? rmSync(file, { force: true }) : writeFileSync(file, before)));
      writeFileSync(file, text);
    }
    link(folder);
  } catch (cause) {
    for (const takeBack of undo.toReversed()) takeBack();
    const message = `packages/${folder} was not created, and nothing was changed: ${messageOf(cause)}. Correct that and try again.`;
    throw new MlanError("unavailable", message, { cause });
  }
}

/** Creates the link as `npm install` would. */
function link(folder: string): void {
  const place = fileURLToPath(new URL(`node_modules/@mlan/${folder}`, ROOT));
  if (!existsSync(dirname(place))) return;
  rmSync(place, { force: true });
  if (process.platform === "win32") symlinkSync(fileURLToPath(new URL(`packages/${folder}`, ROOT)), place, "junction");
  else symlinkSync(`../../packages/${folder}`, place);
}
