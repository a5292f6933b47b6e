import { datasetInfo, listFiles, modelInfo } from "@huggingface/hub";
import { messageOf, describeIssue } from "@mlan/core";
import { z } from "zod";
import type { HubFile } from "./hub-cache.ts";
import { oddAnswer } from "./hub-error.ts";
import type { HubSettings } from "./hub-settings.ts";
import { withRetries } from "./hub-retry.ts";
import type { HubTarget } from "./hub-target.ts";

/** How to send requests to the Hub about one repository. */
export interface HubRequest extends Pick<HubTarget, "type" | "repository"> {
  readonly settings: HubSettings;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
}

/** Fetches the commit that a branch or tag currently points to. Throws `unavailable` errors. */
export async function fetchCommit(request: HubRequest, revision: string): Promise<string> {
  const { type, repository, settings, signal } = request;
  const asked = { type, repository, revision };
  const info = type === "model" ? modelInfo<"sha"> : datasetInfo<"sha">;
  const { sha } = await withRetries({ settings, signal, asked }, () =>
    info({
      name: repository,
      revision,
      additionalFields: ["sha"],
      hubUrl: settings.endpoint,
      fetch: checkedFetch(request, asked, repositorySchema),
      ...(settings.token && { accessToken: settings.token }),
    }),
  );
  return sha;
}

/**
 * Fetches the list of all files of a commit. Throws `unavailable` errors, also when the response is not a list or its
 * pages never end.
 */
export async function fetchList(request: HubRequest, commit: string): Promise<readonly HubFile[]> {
  const { type: kind, repository, settings, signal } = request;
  const asked = { type: kind, repository, revision: commit };
  return withRetries({ settings, signal, asked }, async () => {
    const files: HubFile[] = [];
    const entries = listFiles({
      repo: { type: kind, name: repository },
      revision: commit,
      recursive: true,
      hubUrl: settings.endpoint,
      fetch: checkedFetch(request, asked, pageSchema),
      ...(settings.token && { accessToken: settings.token }),
    });
    // The schema requires an oid for files.
    for await (const { type, path, size, oid = "", lfs, xetHash } of entries) {
      if (type !== "file") continue;
      if (!lfs) files.push({ path, size, etag: oid });
      else files.push({ path, size: lfs.size, etag: lfs.oid, pointer: oid, ...(xetHash && { xetHash }) });
    }
    return files;
  });
}

const repositorySchema = z.looseObject({ sha: z.string().regex(/^[0-9a-f]{40}$/) });

const size = z.int().min(0);
const fileSchema = z.looseObject({
  type: z.literal("file"),
  path: z.string().min(1),
  size,
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  lfs: z.looseObject({ oid: z.string().regex(/^[0-9a-f]{64}$/), size }).optional(),
  xetHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});
const pageSchema = z.array(
  z.union([fileSchema, z.looseObject({ type: z.string().refine((type) => type !== "file"), path: z.string() })]),
);

/** Limits for all pages of one response. The Hub sends 1,000 files per page, about 250 bytes each. */
const MOST_PAGES = 500;
const MOST_BYTES = 256 * 2 ** 20;

/**
 * Returns a `fetch` for the pages of one response. It throws when a page does not match the schema, or when the pages
 * never end.
 */
function checkedFetch({ fetch, settings }: HubRequest, asked: HubTarget, schema: z.ZodType): typeof globalThis.fetch {
  const pages = new Set<string>();
  let left = MOST_BYTES;
  return async (input, init) => {
    const page = input instanceof Request ? input.url : String(input);
    if (pages.has(page)) throw oddAnswer(asked, settings, "pages that link back to an earlier one");
    if (pages.size === MOST_PAGES) throw oddAnswer(asked, settings, `more than ${MOST_PAGES} pages`);
    pages.add(page);
    const response = await fetch(input, init);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body ?? []) {
      left -= chunk.length;
      if (left < 0) throw oddAnswer(asked, settings, `more than ${MOST_BYTES / 2 ** 20} MiB of JSON`);
      chunks.push(chunk);
    }
    const value = checkedJson(Buffer.concat(chunks).toString(), schema, (problem) =>
      oddAnswer(asked, settings, problem),
    );
    const link = response.headers.get("link");
    return Response.json(value, { headers: link === null ? {} : { link } });
  };
}

function checkedJson(text: string, schema: z.ZodType, refusal: (problem: string) => Error): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refusal(`something that is not JSON (${messageOf(cause).slice(0, 100)})`);
  }
  const { error } = schema.safeParse(value, { error: describeIssue });
  if (!error) return value;
  const [issue] = error.issues;
  throw refusal(`an unexpected response (at "${issue?.path.join(".")}": ${issue?.message})`);
}
