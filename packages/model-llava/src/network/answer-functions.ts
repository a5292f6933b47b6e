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
 * The caller disposes of results.
 */
export interface AnswerFunctions {
  readonly network: LlavaNetwork;
  /** Computes the keys and values of each layer for prompts. Awaits `pause` between parts of a long computation. */
  read(pass: PromptPass, pause?: Pause): Promise<readonly KeyValue[]>;
  /** Computes the keys and values of each layer for prompts, and chooses the token after each wanted position. */
  begin(pass: PromptPass, wanted: ChoiceOptions, pause?: Pause): Promise<BegunAnswers>;
  /** Computes one step of an answer with at most `steps` steps. Disposes of the cache in `step`. */
  step(step: DecodingStep, steps: number): ReturnType<typeof runStep>;
  /**
   * Computes the log-probabilities [n], in nats, of `targets` [n, 2]: pairs of an index of a wanted position and a
   * token.
   */
  score(pass: PromptPass, targets: tf.Tensor2D): tf.Tensor1D;
  /** Disposes of all recordings. Must be called before weights are replaced, become variables, or are disposed. */
  dispose(): void;
}

/** Lets the event loop run. */
export type Pause = () => Promise<void>;

/** The result of processing the prompts. */
interface BegunAnswers {
  readonly layers: readonly KeyValue[];
  readonly choice: Choice;
}

/** Maximum number of recordings per function. Each combination of input shapes has its own recording. */
const SIGNATURES = 64;
/**
 * Maximum number of bytes of recordings with packed weights. Each recording holds a copy of all weights; at least one
 * recording is kept.
 */
const PACKED_BYTES = 2 ** 28;
/** Weights with more bytes than this are not packed, because packing doubles their memory. */
export const LARGEST_PACKED: number = 2 ** 32;
/** Up to this many rows, a matrix product spends much of its time on packing its matrix. */
const FEW_ROWS = 8;
/** Minimum number of steps for which packing saves time. */
export const MANY_STEPS: number = 16;

/** Returns the functions of a network. `adapter` replaces the network's own adapter. */
export function answerFunctions(network: LlavaNetwork, compute: Compute, adapter?: NetworkAdapter): AnswerFunctions {
  let recorded: ReturnType<typeof recordedFunctions> | undefined;
  // Called before each computation, because the functions of a different adapter may have run in between.
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

/** A pass through all layers with at least this many positions is split, so that the event loop can run. */
const LONG_PASS = 256;

/**
 * Splits a long pass into ranges of at least one layer. Each range has about as much work as {@link LONG_PASS}
 * positions in all layers. Without `pause`, returns one range.
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
  // Matrices with fewer bits are not inputs of the graph and cannot be packed.
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
      // One recording per part of a pass.
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
