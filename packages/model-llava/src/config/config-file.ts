import { messageOf, MlanError, pathOf, describeIssue, shownValue } from "@mlan/core";
import type { z } from "zod";
import { readCheckpointFile } from "./checkpoint-file.ts";

/** A JSON object from a checkpoint. Unknown keys are kept, so that saving loses none. */
export type ConfigObject = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON object from a checkpoint. Throws `invalid-checkpoint`, with the file's name, when the file cannot be
 * read or contains anything else.
 */
export async function readConfigFile(file: URL): Promise<ConfigObject> {
  const bytes = await readCheckpointFile(file);
  const value: unknown = parseJson(bytes.toString("utf8"), file);
  if (!isObject(value)) throw invalid(file, " must hold a JSON object. Download it again");
  // Saving writes the object with JSON.stringify, which is recursive.
  if (isDeeper(value, MAXIMUM_DEPTH)) throw invalid(file, " is nested too deeply. Download it again");
  return value;
}

/**
 * Returns the keys of `value` that `schema` names. Null counts as absent, as in transformers. Throws
 * `invalid-checkpoint` with file, key and value.
 */
export function checkConfig<Output>(schema: z.ZodType<Output>, value: unknown, file: URL, path = ""): Output {
  const result = schema.safeParse(isObject(value) ? withoutNulls(value) : value, { error: describeIssue });
  if (result.success) return result.data;
  const { issues } = result.error;
  const problems = issues.slice(0, MAXIMUM_PROBLEMS).map(({ path: keys, message }) => {
    const found = keys.reduce<unknown>((inner, key) => Object(inner)[key], value);
    const shown = [...(path ? [path] : []), ...keys].map((key) => String(key).slice(0, 60)).join(".");
    return found === undefined ? `key "${shown}" is missing` : `key "${shown}" is ${shownValue(found)} (${message})`;
  });
  const more = issues.length > MAXIMUM_PROBLEMS ? `; and ${issues.length - MAXIMUM_PROBLEMS} more` : "";
  throw invalid(file, `: ${problems.join("; ")}${more}. Such a model is not supported`);
}

const MAXIMUM_DEPTH = 64;
const MAXIMUM_PROBLEMS = 5;

export function isObject(value: unknown): value is ConfigObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Removes the keys whose value is null. */
export function withoutNulls(value: ConfigObject): ConfigObject {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null));
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return levels === 0 || items.some((item) => isDeeper(item, levels - 1));
}

function parseJson(text: string, file: URL): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(file, ` is not JSON: ${messageOf(cause)}. Download it again`, cause);
  }
}

function invalid(file: URL, problem: string, cause?: unknown): MlanError {
  return new MlanError("invalid-checkpoint", `model-llava: ${pathOf(file)}${problem}.`, { cause });
}
