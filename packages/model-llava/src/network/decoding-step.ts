import { attentionToParts } from "@mlan/fused-ops";
import type * as tf from "@tensorflow/tfjs-core";
import { cachedPart, type CacheSlot, type MaskedCache, writeSlot } from "./answer-cache.ts";
import type { KeyValue } from "./attention.ts";
import { type Choice, type ChoiceOptions, choose } from "./choice.ts";
import { type Attend, decode } from "./decoder.ts";
import { answeringLayer } from "./layer-runner.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import { rotationsAt } from "./prompt-pass.ts";

/**
 * The inputs of a step that computes one position of each row. Everything that differs between steps is a tensor, so
 * that all steps have the same signature.
 */
export interface DecodingStep {
  /** Each row's newest token [rows], int32. Its keys and values are not in the cache yet. */
  readonly tokens: tf.Tensor1D;
  /** Position of this token in its row's sequence [rows], int32. */
  readonly positions: tf.Tensor1D;
  readonly slot: CacheSlot;
  readonly prefix?: MaskedCache;
  readonly prompt: MaskedCache;
  /**
   * Keys and values of the answers in each layer [rows, keyValueHeads, capacity, dimension]. The step disposes of them.
   */
  readonly answer: readonly KeyValue[];
  /** Length of the rotation table, see {@link tableLength}. */
  readonly table: number;
  readonly wanted: ChoiceOptions;
}

/** Returns the next tokens, and the keys and values of the answers including this step. */
export function runStep(
  network: LlavaNetwork,
  { tokens, positions, slot, prefix, prompt, answer, table, wanted }: DecodingStep,
): { readonly choice: Choice; readonly answer: readonly KeyValue[] } {
  const written: KeyValue[] = [];
  const attend: Attend = (query, added, layer) => {
    const before = answer[layer];
    if (!before) throw new RangeError(`model-llava: layer ${layer} has no cache.`);
    const now = writeSlot(before, added, slot);
    written.push(now);
    return attentionToParts(query, [
      ...cachedPart(prefix, layer),
      ...cachedPart(prompt, layer),
      { ...now, mask: slot.mask },
    ]);
  };
  const rows = tokens.size;
  const hidden = network.decoder.embedding.rowsAt(tokens);
  const rotations = rotationsAt(network, positions, rows, table);
  const runLayer = answeringLayer(written);
  const choice = choose(network, decode(network.decoder, { hidden, rows, rotations, attend, runLayer }), wanted);
  return { choice, answer: written };
}
