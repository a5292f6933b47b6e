import { z } from "zod";
import { checkedBody, type SharedBody, sharedFields } from "./shared-fields.ts";

/** The body of `POST /v1/completions`. */
export interface TextBody extends SharedBody {
  readonly prompt: string;
  readonly max_tokens?: number | null | undefined;
  /** Number of most likely tokens to report per position. */
  readonly logprobs?: number | null | undefined;
}

const schema: z.ZodType<TextBody> = z.strictObject({
  ...sharedFields,
  // A list that contains one text is read as that text.
  prompt: z.preprocess(
    (value) => (Array.isArray(value) && value.length === 1 ? value[0] : value),
    z.string({ error: "expected one text" }),
  ),
  max_tokens: z.int().min(1).nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
  echo: z.literal(false).nullish(),
  suffix: z.literal("").nullish(),
  best_of: z.literal(1).nullish(),
});

/** Parses the body. Throws {@link ApiError} with the field's name. */
export function readTextBody(body: unknown): TextBody {
  return checkedBody(body, schema);
}
