import type { Compute } from "@mlan/core";
import type * as tf from "@tensorflow/tfjs-core";
import type { KeyValue } from "./attention.ts";
import { type Choice, type ChoiceOptions, choose } from "./choice.ts";
import { type DecodingStep, runStep } from "./decoding-step.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import { type PromptPass, runPrompts } from "./prompt-pass.ts";
import { logProbabilitiesOf } from "./token-losses.ts";

/**
 * The functions that compute answers and scores. A backend that can compile records each once per signature. The caller
 * disposes of the results.
 */
export interface AnswerFunctions {
  readonly network: LlavaNetwork;
  /** Computes each layer's keys and values for prompts. */
  read(pass: PromptPass): readonly KeyValue[];
  /** Computes each layer's keys and values for prompts, and chooses the token after each wanted position. */
  begin(pass: PromptPass, wanted: ChoiceOptions): { readonly layers: readonly KeyValue[]; readonly choice: Choice };
  /** Computes one step of an answer that has up to `steps`. Consumes the step's answer cache. */
  step(step: DecodingStep, steps: number): ReturnType<typeof runStep>;
  /** Computes the log-probabilities [n], in nats, of `targets` [n, 2] (index among the wanted positions, token). */
  score(pass: PromptPass, targets: tf.Tensor2D): tf.Tensor1D;
  /** Discards all recordings. Call it before weights are replaced, become variables, or are disposed. */
  dispose(): void;
}

/** Maximum number of recordings kept per function, each for one combination of input shapes. */
const SIGNATURES = 64;
/**
 * Limit in bytes for recordings with packed weights, each of which holds a copy of all weights; at least one is kept.
 */
const PACKED_BYTES = 2 ** 28;
/** Models with more bytes of weights are not packed, since their weights would take twice the memory. */
const LARGEST_PACKED = 2 ** 32;
/** Up to this many rows, a matrix product spends much of its time on packing its matrix. */
const FEW_ROWS = 8;
/** Minimum number of steps for which packing pays off. */
const MANY_STEPS = 16;

export function answerFunctions(network: LlavaNetwork, compute: Compute): AnswerFunctions {
  let recorded: ReturnType<typeof recordedFunctions> | undefined;
  const functions = (): ReturnType<typeof recordedFunctions> => (recorded ??= recordedFunctions(network, compute));
  return {
    network,
    read: (pass) => functions().read(pass),
    begin: (pass, wanted) => functions().begin(pass, wanted),
    step(step, steps) {
      const { packedStep, plainStep } = functions();
      return packedStep && step.tokens.size <= FEW_ROWS && steps >= MANY_STEPS ? packedStep(step) : plainStep(step);
    },
    score: (pass, targets) => functions().score(pass, targets),
    dispose() {
      for (const fn of Object.values(recorded ?? {})) fn?.dispose();
      recorded = undefined;
    },
  };
}

function recordedFunctions(network: LlavaNetwork, { compile }: Compute) {
  // Matrices with fewer bits are not inputs of the graph, so they cannot be packed.
  const weights = network.weights.filter(({ component, bits }) => component === "language" && bits === 32);
  const bytes = 4 * weights.reduce((sum, { size }) => sum + size, 0);
  const options = { signatures: SIGNATURES };
  const step = (given: DecodingStep): ReturnType<typeof runStep> => runStep(network, given);
  const donated = ({ answer }: DecodingStep): readonly tf.Tensor[] => answer.flatMap(({ key, value }) => [key, value]);
  return {
    read: compile((pass: PromptPass) => runPrompts(network, pass).layers, options),
    begin: compile((pass: PromptPass, wanted: ChoiceOptions) => {
      const { hidden, layers } = runPrompts(network, pass);
      return { layers, choice: choose(network, hidden, wanted) };
    }, options),
    plainStep: compile(step, { ...options, donated }),
    packedStep:
      bytes > LARGEST_PACKED
        ? undefined
        : compile(step, {
            donated,
            signatures: Math.min(SIGNATURES, Math.max(1, Math.floor(PACKED_BYTES / bytes))),
            frozen: weights.map(({ tensor }) => tensor),
          }),
    score: compile(
      (pass: PromptPass, targets: tf.Tensor2D) =>
        logProbabilitiesOf(network.decoder, runPrompts(network, pass).hidden, targets),
      options,
    ),
  };
}
