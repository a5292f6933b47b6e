import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** The content of `binding.json`, which describes the addon in the same folder. */
export interface BindingRecord {
  /**
   * Increases with every change of native/extension.cc or the build. Bindings with a different version are built again.
   */
  readonly formatVersion: 1;
  /** Version of tfjs-node-gpu. */
  readonly bindingVersion: string;
  readonly tensorFlowVersion: string;
  readonly distribution: string;
  readonly libraryFolder: string;
  readonly libraries: readonly string[];
  readonly platform: string;
  readonly architecture: string;
  readonly compiler: string;
  /** Time of the build in ISO 8601. */
  readonly built: string;
  /** The CUDA versions; null for a build without CUDA. */
  readonly cuda: { readonly cuda?: string | undefined; readonly cudnn?: string | undefined } | null;
}

export const BINDING_FILE = "tfjs_binding.node";
export const RECORD_FILE = "binding.json";

const recordSchema: z.ZodType<BindingRecord> = z.object({
  formatVersion: z.literal(1),
  bindingVersion: z.string(),
  tensorFlowVersion: z.string(),
  distribution: z.string(),
  libraryFolder: z.string(),
  libraries: z.array(z.string()),
  platform: z.string(),
  architecture: z.string(),
  compiler: z.string(),
  built: z.string(),
  cuda: z.object({ cuda: z.string().optional(), cudnn: z.string().optional() }).nullable(),
});

export interface RecordedBinding {
  readonly file: string;
  readonly record: BindingRecord;
}

/** Returns the binding in a folder; undefined if one of the binding's files, or its TensorFlow, is missing. */
export function readBinding(folder: string): RecordedBinding | undefined {
  const file = join(folder, BINDING_FILE);
  try {
    const parsed = recordSchema.safeParse(JSON.parse(readFileSync(join(folder, RECORD_FILE), "utf8")));
    if (!parsed.success || ![file, ...parsed.data.libraries].every((path) => existsSync(path))) return undefined;
    return { file, record: parsed.data };
  } catch {
    return undefined;
  }
}

/** Returns all complete bindings in a folder, newest first. */
export function readBindings(folder: string): readonly RecordedBinding[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.endsWith(".tmp"))
    .flatMap((name) => readBinding(join(folder, name)) ?? [])
    .toSorted((a, b) => (a.record.built < b.record.built ? 1 : -1));
}
