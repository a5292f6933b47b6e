import type { IncomingMessage } from "node:http";
import { messageOf } from "@mlan/core";
import type { Admitted } from "./admission.ts";
import { ApiError } from "./api-error.ts";

/**
 * Reads the JSON in a request's body, at most `limit` bytes. Throws {@link ApiError} for another content type, a longer
 * body, text that is not JSON, and when the bodies of other requests leave no room.
 */
export async function readBody(request: IncomingMessage, limit: number, admitted: Admitted): Promise<unknown> {
  const type = request.headers["content-type"] ?? "";
  // Pages of other websites can send any text to this server, but JSON only with its permission.
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new ApiError(415, `the content type is ${JSON.stringify(type.slice(0, 60))}. Send application/json.`);
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  admitted.take(announced);
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Keeps the connection open, so that a response can be sent when the body is refused.
  const received: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of received) {
    length += chunk.length;
    if (length > limit) throw tooLarge(limit);
    admitted.take(Math.min(chunk.length, Math.max(0, length - announced)));
    chunks.push(chunk);
  }
  admitted.received();
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new ApiError(400, `the body is not JSON in UTF-8: ${messageOf(error)}.`);
  }
}

function tooLarge(limit: number): ApiError {
  const megabytes = (limit / 1e6).toFixed(1);
  return new ApiError(413, `the body is larger than ${megabytes} MB, the maximum of this server. Send smaller images.`);
}
