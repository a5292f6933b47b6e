import type { Component } from "@mlan/core";
import { declareNetwork, type LlavaNetwork } from "../network/llava-network.ts";
import { weightList } from "../weights/weight-list.ts";
import { checkpointedMemory } from "./checkpointed-memory.ts";
import { headBackward, headForward } from "./head-memory.ts";
import { batchTensors, inputBackward, inputForward, inputLeftovers } from "./input-memory.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { after, type Held, NOTHING, type Peak, peakOf, type Step, sumOf } from "./memory-walk.ts";
import { type ParameterCount, parameterCount } from "./parameter-counts.ts";
import {
  type CompleteMemoryOptions,
  completeMemoryOptions,
  type TrainingMemoryOptions,
} from "./training-memory-options.ts";

/** Bytes at the moment of a training step at which most is held. */
export interface TrainingMemory extends Held {
  /** In the precision of the forward pass: 4 bytes per parameter; with "bfloat16", 2 per parameter of a matrix. */
  readonly weights: number;
  /** In "bfloat16", the float32 weights that the optimiser moves, 4 bytes per trained parameter in matrices; else 0. */
  readonly masterWeights: number;
  /** AdamW's two, float32: 8 bytes per trained parameter. */
  readonly moments: number;
  /** Of all components. */
  readonly total: number;
  /** What is computed at that moment. */
  readonly at: string;
}

/**
 * The tensors that training holds at its peak, on a backend that computes at once and frees what is disposed, such as
 * `tensorflow`. A walk through one optimiser step of this package's network in `@mlan/trainer`'s loop: what each
 * operation makes, what TensorFlow.js's tape keeps of it and until when. Not counted: what a kernel needs inside, the
 * allocator's fragments, and the process. Throws `invalid-options`.
 */
export function predictTrainingMemory(options: TrainingMemoryOptions): TrainingMemory {
  const complete = declared(completeMemoryOptions(options));
  const layout = layoutOf(complete);
  const resident = residentBytes(complete);
  const passes = forwardAndBackward(complete, layout);
  const grown = after(passes).gradients;
  const peaks = [
    peakOf(passes, { ...NOTHING, gradients: accumulated(complete, grown) }),
    ...afterThePasses(complete, grown),
  ];
  const { held, at } = peaks.reduce((left, right) => (sumOf(right.held) > sumOf(left.held) ? right : left));
  const total = resident.weights + resident.masterWeights + resident.moments + sumOf(held);
  return { ...resident, ...held, total, at };
}

/** The options with the network that they describe: its weights are declared, and none is loaded. */
type Described = CompleteMemoryOptions &
  Pick<LlavaNetwork, "weights"> & {
    readonly network: Pick<LlavaNetwork, "decoder" | "vision">;
  };

function declared(options: CompleteMemoryOptions): Described {
  const { architecture, language, vision } = options;
  const list = weightList();
  // Which of the tower's states is read does not matter: all of its weights are held.
  const network = declareNetwork(
    { architecture, language, vision: vision && { config: vision, selectLayer: -2 } },
    list,
  );
  return { ...options, network, weights: list.weights };
}

interface Part {
  readonly component: Component;
  readonly parameters: ParameterCount;
  readonly learns: boolean;
}

function partsOf({ weights, trained }: Described): readonly Part[] {
  return (["language", "projector", "vision"] as const).map((component) => ({
    component,
    parameters: parameterCount(weights.filter((weight) => weight.component === component)),
    learns: trained.includes(component),
  }));
}

function residentBytes(options: Described): Pick<TrainingMemory, "weights" | "masterWeights" | "moments"> {
  const mixed = options.precision === "bfloat16";
  let [weights, masterWeights, moments] = [0, 0, 0];
  for (const { parameters, learns } of partsOf(options)) {
    const { matrices, vectors } = parameters;
    weights += matrices * (mixed ? 2 : 4) + vectors * 4;
    if (!learns) continue;
    moments += 8 * (matrices + vectors);
    if (mixed) masterWeights += 4 * matrices;
  }
  return { weights, masterWeights, moments };
}

/** One micro-batch, from its tensors to the last gradient. */
function forwardAndBackward(options: Described, layout: Layout): readonly Step[] {
  const { language, vision, trained, length, images, gradientCheckpointing, network } = options;
  const learns = { language: trained.includes("language"), projector: trained.includes("projector") };
  const input = { language, vision, length, network };
  const layers = network.decoder.layers.map((layer) => {
    const memory = layer.memory(layout, learns.language);
    return gradientCheckpointing ? checkpointedMemory(memory, layout) : memory;
  });
  const forward = [
    batchTensors(layout, input),
    ...inputForward(layout, vision),
    ...layers.flatMap((layer) => layer.forward),
    ...headForward(layout, network.decoder, learns.language),
  ];
  if (!learns.language && images === 0) return forward;
  return [
    ...forward,
    {
      at: "the end of the forward pass",
      frees: { activations: layout.hidden * layout.full, working: inputLeftovers(layout) },
    },
    ...headBackward(layout, network.decoder, learns.language),
    ...layers.toReversed().flatMap((layer) => layer.backward),
    ...inputBackward(layout, input, learns),
  ];
}

/** What earlier micro-batches left: sums are float32, a first gradient is what its operation gave. */
function accumulated(options: Described, grown: number): number {
  const { microBatches } = options;
  if (microBatches === 1) return 0;
  return microBatches === 2 ? grown : 4 * reached(options).reduce((sum, part) => sum + elementsOf(part), 0);
}

/** Parts that get gradients; a projector does from images alone. */
function reached(options: Described): readonly ParameterCount[] {
  return partsOf(options)
    .filter(({ component, learns }) => learns && (component !== "projector" || options.images > 0))
    .map(({ parameters }) => parameters);
}

function elementsOf({ matrices, vectors }: ParameterCount): number {
  return matrices + vectors;
}

function afterThePasses(options: Described, grown: number): readonly Peak[] {
  const { microBatches, precision, fusedOptimizer } = options;
  const parts = reached(options);
  const largest = 4 * Math.max(0, ...parts.map((part) => part.largest));
  const mixed = precision === "bfloat16";
  const peaks: Peak[] = [];
  let gradients = grown;
  if (microBatches > 1) {
    gradients = accumulated(options, grown) + grown;
    peaks.push({ at: "the sum of gradients", held: { ...NOTHING, gradients, working: largest * (mixed ? 2 : 1) } });
    gradients = 4 * parts.reduce((sum, part) => sum + elementsOf(part), 0);
  }
  // Composed of plain operations, a parameter's update makes a dozen tensors of its size.
  const working = fusedOptimizer ? (mixed ? largest : 0) : 12 * largest;
  peaks.push({ at: "the update", held: { ...NOTHING, gradients, working } });
  return peaks;
}
