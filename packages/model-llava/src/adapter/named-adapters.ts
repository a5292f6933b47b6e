import { type Compute, type GenerationRequest, MlanError, shownValue } from "@mlan/core";
import { type AnswerFunctions, answerFunctions } from "../network/answer-functions.ts";
import type { LlavaNetwork } from "../network/llava-network.ts";
import type { NetworkAdapter } from "./network-adapter.ts";

/**
 * The answer functions of a model: one set for its own adapter (or no adapter), and one for each adapter that requests
 * can name.
 */
export interface NamedFunctions {
  readonly names: readonly string[];
  /**
   * Returns the functions for the adapter called `adapter`. Default: the model's own adapter, if it has one. Throws
   * `invalid-options` for an unknown name.
   */
  of(adapter: string | undefined): AnswerFunctions;
  /** Discards all recordings; see {@link AnswerFunctions.dispose}. */
  dispose(): void;
}

export function namedFunctions(
  network: LlavaNetwork,
  compute: Compute,
  adapters: ReadonlyMap<string, NetworkAdapter>,
): NamedFunctions {
  const own = answerFunctions(network, compute);
  const named = new Map([...adapters].map(([name, adapter]) => [name, answerFunctions(network, compute, adapter)]));
  const names = [...adapters.keys()];
  return {
    names,
    of(adapter) {
      const found = adapter === undefined ? own : named.get(adapter);
      if (found) return found;
      const known = names.length === 0 ? "It was opened with none" : `It has ${names.map(shownValue).join(", ")}`;
      throw new MlanError("invalid-options", `model-llava: the model has no adapter ${shownValue(adapter)}. ${known}.`);
    },
    dispose() {
      for (const functions of [own, ...named.values()]) functions.dispose();
    },
  };
}

/** Groups requests by adapter. The groups are in the order of their first requests. */
export function byAdapter(
  requests: readonly GenerationRequest[],
): ReadonlyMap<string | undefined, readonly GenerationRequest[]> {
  const groups = new Map<string | undefined, GenerationRequest[]>();
  for (const request of requests) groups.set(request.adapter, [...(groups.get(request.adapter) ?? []), request]);
  return groups;
}
