import { z } from "zod";

/** Token counts of one answer, as a server reports them. */
export interface ReportedUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens?: number | null | undefined;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number | null | undefined } | null | undefined;
}

const tokens = z.number().min(0);
const usage: z.ZodType<ReportedUsage> = z.object({
  prompt_tokens: tokens,
  completion_tokens: tokens.nullish(),
  prompt_tokens_details: z.object({ cached_tokens: tokens.nullish() }).nullish(),
});

/** Why an answer ended, as servers report it. vLLM also reports the stop string or token. */
export interface Ending {
  readonly finish_reason: string;
  readonly stop_reason?: string | number | null | undefined;
}

const ending = { finish_reason: z.string(), stop_reason: z.union([z.string(), z.number()]).nullish() };

/** Log-probabilities of a generated token and of the most likely tokens. */
interface ReportedToken {
  readonly logprob: number;
  readonly top_logprobs?: readonly { readonly logprob: number }[] | null | undefined;
}

const reportedToken: z.ZodType<ReportedToken> = z.object({
  logprob: z.number(),
  top_logprobs: z.array(z.object({ logprob: z.number() })).nullish(),
});

/**
 * Log-probabilities by token id, for each token of a prompt: of the token itself and of the most likely tokens. null
 * when unknown.
 */
export type PromptLogProbabilities = readonly (Readonly<Record<string, { readonly logprob: number }>> | null)[];

const promptLogProbabilities = z.array(z.record(z.string(), z.object({ logprob: z.number() })).nullable()).nullish();

export interface ChatReply {
  readonly choices: readonly [
    Ending & {
      readonly message: { readonly content?: string | null | undefined };
      readonly logprobs?: { readonly content?: readonly ReportedToken[] | null | undefined } | null | undefined;
    },
  ];
  readonly usage?: ReportedUsage | null | undefined;
  readonly prompt_logprobs?: PromptLogProbabilities | null | undefined;
}

export const chatReply: z.ZodType<ChatReply> = z.object({
  choices: z.tuple([
    z.object({
      ...ending,
      message: z.object({ content: z.string().nullish() }),
      logprobs: z.object({ content: z.array(reportedToken).nullish() }).nullish(),
    }),
  ]),
  usage: usage.nullish(),
  prompt_logprobs: promptLogProbabilities,
});

/** Tokens of a text, their log-probabilities, and the offset of each token. */
interface TextLogProbabilities {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly (number | null)[];
  readonly text_offset: readonly number[];
  readonly top_logprobs?: readonly (Readonly<Record<string, number>> | null)[] | null | undefined;
}

export interface TextReply {
  readonly choices: readonly [
    Ending & { readonly text: string; readonly logprobs?: TextLogProbabilities | null | undefined },
  ];
  readonly usage?: ReportedUsage | null | undefined;
}

export const textReply: z.ZodType<TextReply> = z.object({
  choices: z.tuple([
    z.object({
      ...ending,
      text: z.string(),
      logprobs: z
        .object({
          tokens: z.array(z.string()),
          token_logprobs: z.array(z.number().nullable()),
          text_offset: z.array(z.number()),
          top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
        })
        .nullish(),
    }),
  ]),
  usage: usage.nullish(),
});

/** One piece of a streamed answer. The last piece may contain only the token counts. */
export interface StreamPiece {
  readonly choices: readonly {
    readonly delta?: { readonly content?: string | null | undefined } | null | undefined;
    readonly text?: string | null | undefined;
    readonly finish_reason?: string | null | undefined;
    readonly stop_reason?: string | number | null | undefined;
  }[];
  readonly usage?: ReportedUsage | null | undefined;
}

export const streamPiece: z.ZodType<StreamPiece> = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.string().nullish() }).nullish(),
      text: z.string().nullish(),
      finish_reason: z.string().nullish(),
      stop_reason: ending.stop_reason,
    }),
  ),
  usage: usage.nullish(),
});
