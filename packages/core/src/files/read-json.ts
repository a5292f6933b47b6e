import { pathOf } from "@mlan/errors";
import type { z } from "zod";
import { MlanError } from "../errors.ts";
import { readFileIfThere } from "./file-problem.ts";
import { describeIssue } from "../scope/expectation.ts";
import { problemsOf } from "../scope/schema-problems.ts";

/**
 * Reads a JSON file of a run folder. Undefined when the file does not exist. Throws `run-folder` when the file does not
 * match the schema; the message ends with `remedy`.
 */
export async function readJson<Value>(file: URL, schema: z.ZodType<Value>, remedy: string): Promise<Value | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  return checked(parsed(text, file, remedy), schema, `${pathOf(file)} is not what a run writes there`, remedy);
}

/**
 * Returns a value if the schema accepts it. Otherwise throws `run-folder`; the message starts with `otherwise` and ends
 * with `remedy`.
 */
export function checked<Value>(value: unknown, schema: z.ZodType<Value>, otherwise: string, remedy: string): Value {
  const { data, error } = schema.safeParse(value, { reportInput: true, error: describeIssue });
  if (!error) return data;
  throw new MlanError("run-folder", `${otherwise} (${problemsOf(error, "key")}). ${remedy}`, {
    cause: error,
  });
}

/**
 * Returns the text of a file. Undefined when the file does not exist. Throws `run-folder`, with the reason and the
 * remedy, when it cannot be read.
 */
export async function readIfThere(file: URL): Promise<string | undefined> {
  return (await readFileIfThere(file, "run-folder"))?.toString("utf8");
}

function parsed(text: string, file: URL, remedy: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `${pathOf(file)} is not JSON. ${remedy}`;
    throw new MlanError("run-folder", message, { cause });
  }
}

/** A reviver for `JSON.parse` that reads null as NaN, because JSON writes non-finite numbers as null. */
export function nullAsNumber(_key: string, value: unknown): unknown {
  return value === null ? NaN : value;
}

/** Parses JSON. Returns undefined for text that is not JSON. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
