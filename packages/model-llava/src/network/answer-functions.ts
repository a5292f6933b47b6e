import type { Compute } from "@mlan/core";
import type { NetworkAdapter } from "../adapter/network-adapter.ts";
import type * as tf from "@tensorflow/tfjs-core";
import { disposeCache } from "./answer-cache.ts";
import type { KeyValue } from "./attention.ts";
import { type Choice, type ChoiceOptions, choose } from "./choice.ts";
import { type DecodingStep, runStep } from "./decoding-step.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import { type LayerRange, type PromptPass, type PromptResult, runPrompts } from "./prompt-pass.ts";
import { logProbabilitiesOf } from "./token-losses.ts";

/**
 * The functions that compute answers and scores. A backend that can compile records each function once per signature.
 * The caller disposes of the results.
 */
export interface AnswerFunctions {
  readonly network: LlavaNetwork;
  /** Computes each layer's keys and values for prompts. `pause` is awaited between parts of a long computation. */
  read(pass: PromptPass, pause?: Pause): Promise<readonly KeyValue[]>;
  /** Computes each layer's keys and values for prompts, and chooses the token after each wanted position. */
  begin(pass: PromptPass, wanted: ChoiceOptions, pause?: Pause): Promise<BegunAnswers>;
  /** Computes one step of an answer of at most `steps` steps. Consumes the step's answer cache. */
  step(step: DecodingStep, steps: number): ReturnType<typeof runStep>;
  /** Computes the log-probabilities [n], in nats, of `targets` [n, 2] (index among the wanted positions, token). */
  score(pass: PromptPass, targets: tf.Tensor2D): tf.Tensor1D;
  /** Discards all recordings. Call it before weights are replaced, become variables, or are disposed. */
  dispose(): void;
}

/** Lets the event loop process other work while something is computed. */
export type Pause = () => Promise<void>;

/** Prompts that have been read. */
interface BegunAnswers {
  readonly layers: readonly KeyValue[];
  readonly choice: Choice;
}

/** Maximum number of recordings kept per function, each for one combination of input shapes. */
const SIGNATURES = 64;
/**
 * Limit in bytes for recordings with packed weights, each of which holds a copy of all weights; at least one is kept.
 */
const PACKED_BYTES = 2 ** 28;
/** Models whose weights exceed this number of bytes are not packed, since their weights would take twice the memory. */
const LARGEST_PACKED = 2 ** 32;
/** Number of rows up to which a matrix product spends much of its time on packing its matrix. */
const FEW_ROWS = 8;
/** Minimum number of steps for which packing pays off. */
const MANY_STEPS = 16;

/** Returns the functions that answer with a network. They use `adapter` in place of the network's own adapter. */
export function answerFunctions(network: LlavaNetwork, compute: Compute, adapter?: NetworkAdapter): AnswerFunctions {
  let recorded: ReturnType<typeof recordedFunctions> | undefined;
  // Called before each computation, as functions of other adapters may have computed meanwhile.
  const functions = (): ReturnType<typeof recordedFunctions> => {
    network.slot.select(adapter);
    return (recorded ??= recordedFunctions(network, compute));
  };
  const inParts = async (pass: PromptPass, ranges: readonly LayerRange[], pause?: Pause): Promise<PromptResult> => {
    const layers: KeyValue[] = [];
    let hidden: tf.Tensor2D | undefined;
    try {
      for (const range of ranges) {
        if (range.from > 0) await pause?.();
        const part = functions().part(pass, range, hidden);
        layers.push(...part.layers);
        hidden?.dispose();
        hidden = part.hidden;
      }
    } catch (error) {
      hidden?.dispose();
      disposeCache(layers);
      throw error;
    }
    if (!hidden) throw new RangeError("model-llava: a network without layers reads nothing.");
    return { hidden, layers };
  };
  return {
    network,
    async read(pass, pause) {
      const ranges = layerRanges(network, pass, pause);
      if (ranges.length === 1) return functions().read(pass);
      const { hidden, layers } = await inParts(pass, ranges, pause);
      hidden.dispose();
      return layers;
    },
    async begin(pass, wanted, pause) {
      const ranges = layerRanges(network, pass, pause);
      if (ranges.length === 1) return functions().begin(pass, wanted);
      const { hidden, layers } = await inParts(pass, ranges, pause);
      const choice = functions().choose(hidden, wanted);
      hidden.dispose();
      return { layers, choice };
    },
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

/** Number of positions whose pass through all layers takes so long that the event loop should run in between. */
const LONG_PASS = 256;

/**
 * Splits a long pass into ranges of at least one layer, each with about as much work as {@link LONG_PASS} positions in
 * all layers, if the caller can pause between them.
 */
function layerRanges(
  { decoder }: LlavaNetwork,
  { prompts: { rows, length } }: PromptPass,
  pause: Pause | undefined,
): readonly LayerRange[] {
  const count = decoder.layers.length;
  const size = pause ? Math.max(1, Math.floor((count * LONG_PASS) / (rows * length))) : count;
  return Array.from({ length: Math.ceil(count / size) }, (_, part) => ({
    from: part * size,
    to: Math.min(count, (part + 1) * size),
  }));
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
    part: compile(
      (pass: PromptPass, range: LayerRange, before?: tf.Tensor2D) => runPrompts(network, pass, range, before),
      // A pass has several parts.
      { signatures: 4 * SIGNATURES },
    ),
    choose: compile((hidden: tf.Tensor2D, wanted: ChoiceOptions) => choose(network, hidden, wanted), options),
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
