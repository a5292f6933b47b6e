import type { Component } from "@mlan/core";
import { declareNetwork, type LlavaNetwork } from "../network/llava-network.ts";
import { weightList } from "../weights/weight-list.ts";
import type { ModuleSizes } from "../adapter/adapter-modules.ts";
import { modulesOf, parametersOf } from "../adapter/new-adapter.ts";
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
import { weightBytes } from "./weight-bytes.ts";
import { type WeightsInTraining, weightsInTraining } from "./weights-in-training.ts";

/** Bytes in use at the peak of a training step. */
export interface TrainingMemory extends Held {
  /**
   * Weights in the precision of the forward pass: 4 bytes per parameter, or 2 per parameter of a matrix in "bfloat16".
   */
  readonly weights: number;
  /**
   * In "bfloat16", the float32 copies of trained matrices that the optimizer updates, 4 bytes per parameter; otherwise
   * 0.
   */
  readonly masterWeights: number;
  /** AdamW's two moments: 8 bytes per trained parameter in float32, 4 in bfloat16, a little more than 2 in int8. */
  readonly moments: number;
  /** The sum of all parts. */
  readonly total: number;
  /** The operation at the peak. */
  readonly at: string;
}

/**
 * Predicts the bytes of all tensors at the peak of training on a backend that computes eagerly and frees disposed
 * tensors at once, such as `tensorflow`. It follows one optimizer step of `@mlan/trainer`: what each operation
 * allocates, and how long TensorFlow.js's tape keeps it. Workspaces of kernels, fragmentation and the process itself
 * are not counted. Throws `invalid-options`.
 */
export function predictTrainingMemory(options: TrainingMemoryOptions): TrainingMemory {
  const complete = declared(completeMemoryOptions(options));
  const layout = layoutOf(complete);
  const resident = residentBytes(complete);
  const kept = keptGradients(complete);
  const isWhole = isOneGraph(complete, layout);
  const passes = forwardAndBackward(complete, layout).map(kept > 0 && isWhole ? withoutGradients : (step) => step);
  const grown = after(passes).gradients;
  const peaks = [
    peakOf(passes, {
      ...NOTHING,
      gradients: kept + accumulated(complete, grown),
      working: kept > 0 && !isWhole ? unsharedBlocks(complete, layout) : 0,
    }),
    ...afterThePasses(complete, grown, kept),
  ];
  const { held, at } = peaks.reduce((left, right) => (sumOf(right.held) > sumOf(left.held) ? right : left));
  const total = resident.weights + resident.masterWeights + resident.moments + sumOf(held);
  return { ...resident, ...held, total, at };
}

/** Returns the bytes of the gradients that the backend keeps from step to step. */
function keptGradients(options: Described): number {
  if (!options.keepsGradients) return 0;
  return 4 * partsOf(options).reduce((sum, { learns, parameters }) => sum + (learns ? elementsOf(parameters) : 0), 0);
}

/**
 * Returns whether the whole step is one graph. If so, a backend that keeps gradients computes them directly in the
 * memory where it keeps them. Otherwise, the gradients of earlier graphs are copied before the update.
 */
function isOneGraph(
  { gradientCheckpointing, weightFormat, microBatches }: Described,
  { scores, scoresAtOnce, logits, logitsAtOnce }: Layout,
): boolean {
  const isWhole = scoresAtOnce === scores && logitsAtOnce === logits;
  return !gradientCheckpointing && weightFormat === "float32" && microBatches === 1 && isWhole;
}

/**
 * Returns the bytes of blocks that graphs of a step do not share. An allocator such as ONNX Runtime's arena never joins
 * free blocks into a larger one, and logits and the float32 copy of the output layer are larger than the blocks of
 * layers.
 */
function unsharedBlocks({ network, use }: Described, { logitsAtOnce, full }: Layout): number {
  const copies = network.decoder.head.weights.map((weight) => use.widenedBytes(weight));
  return logitsAtOnce * full + Math.max(0, ...copies);
}

function withoutGradients({ adds, frees, ...step }: Step): Step {
  return { ...step, adds: { ...adds, gradients: 0 }, frees: { ...frees, gradients: 0 } };
}

/** The options, and the network that they describe with declared weights. */
type Described = CompleteMemoryOptions &
  Pick<LlavaNetwork, "weights"> & {
    /** The updates of the adapter; empty without one. */
    readonly modules: readonly ModuleSizes[];
    readonly network: Pick<LlavaNetwork, "decoder" | "vision">;
    readonly use: WeightsInTraining;
  };

function declared(options: CompleteMemoryOptions): Described {
  const { architecture, language, vision, adapter } = options;
  const list = weightList();
  // The selected layer does not matter, since all of the tower's weights are in memory.
  const network = declareNetwork(
    { architecture, language, vision: vision && { config: vision, selectLayer: -2 } },
    list,
  );
  const adaptable = { linears: list.linears, head: network.decoder.head };
  const modules = adapter ? modulesOf(adaptable, adapter) : [];
  const use = weightsInTraining({ ...options, linears: list.linears, modules, dropout: adapter?.dropout ?? 0 });
  return { ...options, network, modules, weights: list.weights, use };
}

/** Bytes per value of two moments; in int8, 256 values share a scale of 4 bytes. */
const MOMENT_BYTES = { float32: 8, bfloat16: 4, int8: 2 * (1 + 4 / 256) } as const;

interface Part {
  readonly component: Component;
  readonly parameters: ParameterCount;
  readonly learns: boolean;
}

function partsOf({ weights, trained, modules }: Described): readonly Part[] {
  const parts = (["language", "projector", "vision"] as const).map((component) => ({
    component,
    parameters: parameterCount(weights.filter((weight) => weight.component === component)),
    learns: trained.includes(component),
  }));
  if (modules.length === 0) return parts;
  const largest = Math.max(...modules.map(({ rank, inputs, outputs }) => rank * Math.max(inputs, outputs)));
  const parameters = { matrices: parametersOf(modules), vectors: 0, largest };
  return [...parts, { component: "adapter", parameters, learns: trained.includes("adapter") }];
}

function residentBytes(options: Described): Pick<TrainingMemory, "weights" | "masterWeights" | "moments"> {
  const mixed = options.precision === "bfloat16";
  let [weights, masterWeights, moments] = [0, 0, 0];
  const { weightFormat: format, hasHalf } = options;
  for (const { component, parameters, learns } of partsOf(options)) {
    const { matrices, vectors } = parameters;
    if (component === "language" && !learns && format !== "float32") {
      for (const weight of options.weights)
        if (weight.component === component) weights += weightBytes(weight, { format, hasHalf: hasHalf(weight) });
      continue;
    }
    weights += matrices * (mixed ? 2 : 4) + vectors * 4;
    if (!learns) continue;
    moments += MOMENT_BYTES[options.momentPrecision] * (matrices + vectors);
    if (mixed) masterWeights += 4 * matrices;
  }
  return { weights, masterWeights, moments };
}

/** Returns the steps of one micro-batch, from its tensors to the last gradient. */
function forwardAndBackward(options: Described, layout: Layout): readonly Step[] {
  const { language, vision, trained, length, images, gradientCheckpointing, network, use } = options;
  const learns = { language: trained.includes("language"), projector: trained.includes("projector") };
  const input = { language, vision, length, network };
  const layers = network.decoder.layers.map((layer) => {
    const memory = layer.memory(layout, use);
    return gradientCheckpointing ? checkpointedMemory(memory, layout) : memory;
  });
  const forward = [
    batchTensors(layout, input),
    ...inputForward(layout, vision),
    ...layers.flatMap((layer) => layer.forward),
    ...headForward(layout, network.decoder, use),
  ];
  if (!learns.language && !trained.includes("adapter") && images === 0) return forward;
  return [
    ...forward,
    {
      at: "the end of the forward pass",
      frees: { activations: layout.hidden * layout.full, working: inputLeftovers(layout) },
    },
    ...headBackward(layout, network.decoder, use),
    ...layers.toReversed().flatMap((layer) => layer.backward),
    ...inputBackward(layout, input, learns),
  ];
}

/**
 * Returns the bytes of the gradients of earlier micro-batches. Sums of gradients are float32. The gradient of a single
 * micro-batch has the precision of its operation.
 */
function accumulated(options: Described, grown: number): number {
  const { microBatches } = options;
  if (microBatches === 1) return 0;
  return microBatches === 2 ? grown : 4 * reached(options).reduce((sum, part) => sum + elementsOf(part), 0);
}

/** Returns the parts that get gradients. The projector gets gradients only in batches with images. */
function reached(options: Described): readonly ParameterCount[] {
  return partsOf(options)
    .filter(({ component, learns }) => learns && (component !== "projector" || options.images > 0))
    .map(({ parameters }) => parameters);
}

function elementsOf({ matrices, vectors }: ParameterCount): number {
  return matrices + vectors;
}

function afterThePasses(options: Described, grown: number, kept: number): readonly Peak[] {
  const { microBatches, precision, fusedOptimizer } = options;
  const parts = reached(options);
  const largest = 4 * Math.max(0, ...parts.map((part) => part.largest));
  const mixed = precision === "bfloat16";
  const peaks: Peak[] = [];
  let gradients = grown;
  if (microBatches > 1) {
    gradients = accumulated(options, grown) + grown;
    peaks.push({
      at: "the sum of gradients",
      held: { ...NOTHING, gradients: kept + gradients, working: largest * (mixed ? 2 : 1) },
    });
    gradients = 4 * parts.reduce((sum, part) => sum + elementsOf(part), 0);
  }
  // An update with plain operations creates a dozen tensors of the parameter's size.
  const working = fusedOptimizer ? (mixed ? largest : 0) : 12 * largest;
  peaks.push({ at: "the update", held: { ...NOTHING, gradients: kept + gradients, working } });
  return peaks;
}
