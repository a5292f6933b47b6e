import { MlanError } from "@mlan/core";
import type { Prices } from "./endpoint-options.ts";
import type { ReportedUsage } from "./replies.ts";

export interface EndpointUsage {
  readonly requests: number;
  /** Number of requests that failed and were repeated. */
  readonly repeated: number;
  /** Tokens of prompts, including images, as counted by the server. NaN when an answer came without a count. */
  readonly inputTokens: number;
  /** The part of the input tokens that the server had cached. */
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  /** Cost at {@link Prices}. NaN without prices or token counts. */
  readonly cost: number;
}

export interface UsageLimits {
  readonly prices?: Prices | undefined;
  readonly maximumCost?: number | undefined;
  readonly onUsage?: ((usage: EndpointUsage) => void) | undefined;
}

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

  /**
   * Throws `unavailable` when the maximum cost has been reached. Answers that are already being generated still add to
   * the cost.
   */
  checkBudget(): void {
    const { maximumCost } = this.#limits;
    if (maximumCost === undefined) return;
    const { cost } = this.total();
    if (Number.isNaN(cost)) {
      const message =
        "model-endpoint: the server reports no token counts, so maximumCost cannot be checked; leave it out.";
      throw new MlanError("unavailable", message);
    }
    if (cost < maximumCost) return;
    const spent = `answers have cost ${cost.toFixed(4)}, and maximumCost is ${maximumCost}`;
    throw new MlanError("unavailable", `model-endpoint: ${spent}; raise it to continue with the remaining questions.`);
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
