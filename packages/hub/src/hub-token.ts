import { messageOf, MlanError, pathOf } from "@mlan/core";
import { readFile } from "node:fs/promises";
import { hubHome, isSwitchedOn } from "./hub-home.ts";

/**
 * Returns the given token, the environment variable HF_TOKEN, or the token that Python's `hf auth login` saved,
 * whichever comes first. Throws `invalid-options` for an invalid token; the message does not contain it.
 */
export async function hubToken(given: string | undefined): Promise<string | undefined> {
  if (given !== undefined) return checked(given, "the option `token`");
  if (isSwitchedOn(process.env["HF_HUB_DISABLE_IMPLICIT_TOKEN"])) return undefined;
  const variable = checked(process.env["HF_TOKEN"] ?? "", "HF_TOKEN");
  if (variable !== undefined) return variable;
  const { tokenFile } = hubHome();
  const place = pathOf(tokenFile);
  try {
    return checked(await readFile(tokenFile, "utf8"), `the file ${place}`);
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    const { code } = Object(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const message = `hub: the Hub token in ${place} cannot be read (${messageOf(cause)}); fix that, or set HF_TOKEN.`;
    throw new MlanError("unavailable", message, { cause });
  }
}

function checked(written: string, place: string): string | undefined {
  // A file or $(cat file) ends in a line break.
  const token = written.trim();
  if (token === "") return undefined;
  if (/^hf_[!-~]+$/.test(token)) return token;
  const message = `hub: a Hub token starts with "hf_" and has no spaces or line breaks; check ${place}.`;
  throw new MlanError("invalid-options", message);
}
