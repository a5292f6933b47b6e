import type { Generation, GenerationOptions, GenerationRequest, Model, ScoreRequest } from "@mlan/core";
import { asTheyFinish } from "./as-they-finish.ts";
import { generate } from "./generate.ts";
import type { CheckedOptions } from "./endpoint-options.ts";
import { Scorer } from "./score.ts";
import { Server } from "./server.ts";
import { UsageMeter } from "./usage.ts";

/** The parts that every request uses. */
export interface Endpoint {
  readonly options: CheckedOptions;
  readonly server: Server;
  readonly meter: UsageMeter;
}

export function endpointModel(options: CheckedOptions, fingerprint: string): Model {
  const meter = new UsageMeter(options);
  const endpoint: Endpoint = { options, meter, server: new Server(options, meter) };
  const { concurrency } = options;
  return {
    specVersion: 1,
    name: options.model,
    fingerprint,
    wording: options.wording,
    generate(requests: readonly GenerationRequest[], how: GenerationOptions = {}): AsyncGenerator<Generation> {
      const { batchSize = concurrency, signal } = how;
      return asTheyFinish(requests, batchSize, signal, (request, ended) => generate(endpoint, request, how, ended));
    },
    async score(requests: readonly ScoreRequest[], { batchSize = concurrency, signal } = {}) {
      const scorer = new Scorer(endpoint);
      const places = new Map(requests.map((request, place) => [request, place]));
      const scores = [];
      for await (const [place, score] of asTheyFinish(
        [...places],
        batchSize,
        signal,
        async ([request, at], ended) => [at, await scorer.score(request, ended)] as const,
      ))
        scores[place] = score;
      return scores;
    },
    dispose() {},
  };
}
