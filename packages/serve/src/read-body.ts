import type { IncomingMessage } from "node:http";
import { messageOf } from "@mlan/core";
import { ApiError } from "./api-error.ts";

/**
 * The JSON in a request's body, of which never more than `limit` bytes are kept. Throws an {@link ApiError} for another
 * content type, a longer body, and text that is not JSON.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<unknown> {
  const type = request.headers["content-type"] ?? "";
  // Web pages of others can send any text, but JSON only when this server allows it.
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new ApiError(415, `the content type is ${JSON.stringify(type.slice(0, 60))}. Send application/json.`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Uint8Array[] = [];
  let length = 0;
  // A refused body is answered, not cut off with its connection.
  const received: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of received) {
    length += chunk.length;
    if (length > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new ApiError(400, `the body is not JSON in UTF-8: ${messageOf(error)}.`);
  }
}

function tooLarge(limit: number): ApiError {
  const megabytes = (limit / 1e6).toFixed(1);
  return new ApiError(
    413,
    `the body is larger than ${megabytes} MB, the most that this server reads. Send smaller pictures.`,
  );
}
