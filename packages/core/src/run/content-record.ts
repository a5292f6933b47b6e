import type { Content } from "../contracts/content.ts";
import type { ContentRecord } from "./manifest.ts";

/** Returns the manifest's record of a content. Reads the bytes only if no known record has the same stamp. */
export async function contentRecordOf(content: Content, known: readonly ContentRecord[]): Promise<ContentRecord> {
  const same = untouched(content, known);
  if (same) return same;
  const digest = await content.digest();
  const files = await content.files?.();
  return { stamp: content.stamp, digest, ...(files && { files }) };
}

/** Whether a known record has the same stamp as the content, which is then unchanged since that record was made. */
export function isUntouched(content: Content, known: readonly ContentRecord[]): boolean {
  return untouched(content, known) !== undefined;
}

function untouched({ stamp }: Content, known: readonly ContentRecord[]): ContentRecord | undefined {
  return stamp === "" ? undefined : known.find((record) => record.stamp === stamp);
}
