import { readFile, stat } from "node:fs/promises";
import { messageOf, MlanError, pathOf } from "@mlan/core";
import type { z } from "zod";

/** A JSON object as it stands in a checkpoint's folder; kept whole, so that saving loses no key. */
export type ConfigObject = Readonly<Record<string, unknown>>;

/** Reads a JSON object. Throws an `invalid-checkpoint` error that names the file. */
export async function readConfigFile(file: URL): Promise<ConfigObject> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(file)} cannot be read. Check the path and the download.`,
      { cause },
    );
  });
  const value: unknown = parseJson(text, file);
  if (isObject(value)) return value;
  throw new MlanError("invalid-checkpoint", `model-llava: ${pathOf(file)} must hold a JSON object. Download it again.`);
}

/** The columns of `value` that `schema` names. Throws an `invalid-checkpoint` error that names file, key and value. */
export function checkConfig<Output>(schema: z.ZodType<Output>, value: unknown, file: URL, path = ""): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path: keys, message }) => {
    const found = keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[String(key)] : undefined), value);
    const key = [...(path ? [path] : []), ...keys].join(".");
    return found === undefined ? `key "${key}" is missing` : `key "${key}" is ${JSON.stringify(found)} (${message})`;
  });
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)}: ${problems.join("; ")}. This architecture cannot be read without it.`,
  );
}

export function fileExists(file: URL): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

export function isObject(value: unknown): value is ConfigObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string, file: URL): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(file)} is no JSON: ${messageOf(cause)}. Download it again.`,
      { cause },
    );
  }
}
