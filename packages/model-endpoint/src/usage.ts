import { MlanError } from "@mlan/core";
import type { Prices } from "./endpoint-options.ts";
import type { ReportedUsage } from "./replies.ts";

/** Sums since a model was opened. */
export interface EndpointUsage {
  /** Requests that were answered. */
  readonly requests: number;
  /** Requests that failed and were repeated. */
  readonly repeated: number;
  /** Tokens of prompts, images included, as the server counts them; NaN when an answer came without. */
  readonly inputTokens: number;
  /** Those of them that the server had cached. */
  readonly cachedInputTokens: number;
  /** Tokens of answers. */
  readonly outputTokens: number;
  /** By {@link Prices}; NaN without prices or token counts. */
  readonly cost: number;
}

export interface UsageLimits {
  readonly prices?: Prices | undefined;
  readonly maximumCost?: number | undefined;
  readonly onUsage?: ((usage: EndpointUsage) => void) | undefined;
}

/** Counts what answers cost. */
export class UsageMeter {
  readonly #limits: UsageLimits;
  #requests = 0;
  #repeated = 0;
  #input = 0;
  #cached = 0;
  #output = 0;

  constructor(limits: UsageLimits) {
    this.#limits = limits;
  }

  repeat(): void {
    this.#repeated += 1;
  }

  add(usage: ReportedUsage | null | undefined): void {
    this.#requests += 1;
    this.#input += usage?.prompt_tokens ?? NaN;
    this.#cached += usage?.prompt_tokens_details?.cached_tokens ?? 0;
    this.#output += usage?.completion_tokens ?? NaN;
    this.#limits.onUsage?.(this.total());
  }

  /** Throws `unavailable` when no more may be spent. Answers that are under way are paid for all the same. */
  checkBudget(): void {
    const { maximumCost } = this.#limits;
    if (maximumCost === undefined) return;
    const { cost } = this.total();
    if (Number.isNaN(cost)) {
      const message =
        "model-endpoint: the server reports no token counts, so maximumCost cannot be kept; leave it out.";
      throw new MlanError("unavailable", message);
    }
    if (cost < maximumCost) return;
    const spent = `answers have cost ${cost.toFixed(4)}, and maximumCost is ${maximumCost}`;
    throw new MlanError("unavailable", `model-endpoint: ${spent}; raise it to go on with the remaining questions.`);
  }

  total(): EndpointUsage {
    const { prices } = this.#limits;
    const { input = NaN, cachedInput = input, output = NaN } = prices ?? {};
    const cost = ((this.#input - this.#cached) * input + this.#cached * cachedInput + this.#output * output) / 1e6;
    return {
      requests: this.#requests,
      repeated: this.#repeated,
      inputTokens: this.#input,
      cachedInputTokens: this.#cached,
      outputTokens: this.#output,
      cost,
    };
  }
}
