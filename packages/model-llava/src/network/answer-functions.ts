import type { Compute } from "@mlan/core";
import type * as tf from "@tensorflow/tfjs-core";
import type { KeyValue } from "./attention.ts";
import { type Choice, type ChoiceOptions, choose } from "./choice.ts";
import { type DecodingStep, runStep } from "./decoding-step.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import { type PromptPass, runPrompts } from "./prompt-pass.ts";
import { logProbabilitiesOf } from "./token-losses.ts";

/** What answers and scores are computed by, recorded once per signature where the compute can. Results are the caller's. */
export interface AnswerFunctions {
  readonly network: LlavaNetwork;
  /** Each layer's keys and values of prompts. */
  read(pass: PromptPass): readonly KeyValue[];
  /** The same, and the token that follows each wanted position. */
  begin(pass: PromptPass, wanted: ChoiceOptions): { readonly layers: readonly KeyValue[]; readonly choice: Choice };
  /** A step of an answer of up to `steps`; the step's cache of the answer is used up by it. */
  step(step: DecodingStep, steps: number): ReturnType<typeof runStep>;
  /** The log-probabilities [n] of `targets` [n, 2] (place among the wanted positions, token), natural logarithm. */
  score(pass: PromptPass, targets: tf.Tensor2D): tf.Tensor1D;
  /** Gives up what is recorded: to be called before weights are exchanged, become variables, or are disposed. */
  dispose(): void;
}

/** Shapes whose recordings are kept, of each function. */
const SIGNATURES = 64;
/** A recording with packed weights has a copy of all of them: these bytes are shared by as many recordings as fit. */
const PACKED_BYTES = 2 ** 28;
/** A model of more is not packed: its weights would take twice the memory. */
const LARGEST_PACKED = 2 ** 32;
/** With so few rows a product spends much of its time on packing its matrix; more of them share that. */
const FEW_ROWS = 8;
/** Steps that repay the packing. */
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
  // Matrices of fewer bits are no inputs of a graph that could be packed.
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
