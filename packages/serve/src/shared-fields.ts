import { describeIssue, type GenerationRequest, problemsOf, type Sampling } from "@mlan/core";
import { z } from "zod";
import { ApiError } from "./api-error.ts";

const MOST_CHOICES = 8;
const stop = z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]);

/** Fields of all completion requests. */
export interface SharedBody {
  readonly model: string;
  readonly temperature?: number | null | undefined;
  readonly top_p?: number | null | undefined;
  readonly n?: number | null | undefined;
  readonly stop?: string | readonly string[] | null | undefined;
  readonly seed?: number | null | undefined;
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: { readonly include_usage?: boolean | undefined } | null | undefined;
  readonly user?: string | null | undefined;
  readonly presence_penalty?: 0 | null | undefined;
  readonly frequency_penalty?: 0 | null | undefined;
  readonly top_k?: number | null | undefined;
  readonly min_p?: number | null | undefined;
  readonly repetition_penalty?: number | null | undefined;
  readonly stop_token_ids?: readonly number[] | null | undefined;
}

/**
 * The schemas of {@link SharedBody}. Values of unsupported fields that request the default behavior are accepted and
 * ignored.
 */
export const sharedFields: { readonly [Key in keyof SharedBody]-?: z.ZodType<SharedBody[Key]> } = {
  model: z.string(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(MOST_CHOICES).nullish(),
  stop: stop.nullish(),
  // Leaves room for the seed of the last choice, which must be a safe integer too.
  seed: z
    .int()
    .max(Number.MAX_SAFE_INTEGER - MOST_CHOICES)
    .nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
  user: z.string().nullish(),
  presence_penalty: z.literal(0).nullish(),
  frequency_penalty: z.literal(0).nullish(),
  // Named as in vLLM.
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().positive().nullish(),
  stop_token_ids: z.array(z.int().min(0)).max(64).nullish(),
};

/** Returns the generation options in a body. The default temperature is 1, as in OpenAI's API. */
export function generationOf(
  body: SharedBody,
  choice: number,
): Omit<GenerationRequest, "id" | "prompt" | "images" | "maximumNewTokens"> {
  const { temperature = 1, top_p: topP, top_k: topK, min_p: minP, seed } = body;
  const stops = stopOf(body);
  const sampling: Sampling = {
    temperature: temperature ?? 1,
    ...(topP != null && { topP }),
    // In vLLM, 0 and -1 mean all tokens.
    ...(topK != null && topK > 0 && { topK }),
    ...(minP != null && { minP }),
    // The choices of a request must differ.
    ...(seed != null && { seed: seed + choice }),
  };
  return {
    sampling,
    ...(stops.length > 0 && { stop: stops }),
    ...(body.stop_token_ids && { stopTokens: body.stop_token_ids }),
    ...(body.repetition_penalty != null && { repetitionPenalty: body.repetition_penalty }),
  };
}

export function stopOf({ stop: given }: Pick<SharedBody, "stop">): readonly string[] {
  return given == null ? [] : [given].flat();
}

/** Returns the body when the schema accepts it. Throws {@link ApiError} with every wrong field. */
export function checkedBody<Body>(body: unknown, fields: z.ZodType<Body>): Body {
  const { data, success, error } = fields.safeParse(body, { reportInput: true, error: describeIssue });
  if (success) return data;
  const [issue] = error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const param = [...(issue?.path ?? []), ...unknown].join(".");
  const known = unknown.length > 0 && issue?.path.length === 0 && fields instanceof z.ZodObject;
  const names = known ? ` Known fields: ${Object.keys(fields.shape).join(", ")}.` : "";
  throw new ApiError(400, `${problemsOf(error, "key")}.${names}`, param === "" ? {} : { param });
}
