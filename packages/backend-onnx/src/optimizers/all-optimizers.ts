import type { OptimizerPasses } from "./optimizer-passes.ts";
import type { SlotAddresses } from "./optimizer-slot.ts";
import type { Numbers, Optimizer } from "./optimizer.ts";

/**
 * AdamW (arXiv 1711.05101) as in `torch.optim.AdamW`: weight decay scales the parameter, not the gradient. Attributes:
 * `learningRate`, `beta1`, `beta2`, `epsilon`, `step` (from 1), `weightDecays`.
 */
const ADAMW: Optimizer = {
  kernelName: "ApplyAdamW",
  states: ["firstMoments", "secondMoments"],
  update(numbers) {
    const adamw = adamwNumbers(numbers);
    return (slot, weightDecay) => slot.passes.adamw(...adamw(slot, weightDecay));
  },
};

/**
 * AdamW with bfloat16 moments, two per int32 element, rounded stochastically. The step and the index of an element
 * determine the random bits, so equal steps have equal results.
 */
const ADAMW_BFLOAT16: Optimizer = {
  ...ADAMW,
  kernelName: "ApplyAdamWBfloat16",
  packed: { length: (size) => Math.ceil(size / 2), content: "two of its values must be in each element" },
  update(numbers) {
    const adamw = adamwNumbers(numbers);
    const step = numbers.count("step");
    return (slot, weightDecay) => slot.passes.adamwBfloat16(...adamw(slot, weightDecay), step);
  },
};

/** Number of values of a moment of 8 bits that share a scale. */
const BLOCK = 256;

/**
 * AdamW with moments of 8 bits: an int32 vector with four codes in each element, of whole blocks of 256 values,
 * followed by a float32 scale per block. The moments are rounded stochastically, like those in bfloat16.
 */
const ADAMW_INT8: Optimizer = {
  ...ADAMW,
  kernelName: "ApplyAdamWInt8",
  packed: {
    length: (size) => Math.ceil(size / BLOCK) * (BLOCK / 4 + 1),
    content: "the codes and the scale of each block of 256 of its values must be 65 elements",
  },
  update(numbers) {
    const adamw = adamwNumbers(numbers);
    const step = numbers.count("step");
    return (slot, weightDecay) => slot.passes.adamwInt8(...adamw(slot, weightDecay), step);
  },
};

type AdamWParameters = Parameters<OptimizerPasses["adamw"]>;

/** Returns the parameters of a pass over a slot. */
function adamwNumbers(numbers: Numbers): (slot: SlotAddresses, weightDecay: number) => AdamWParameters {
  const learningRate = numbers.finite("learningRate");
  const [beta1, beta2, epsilon] = [numbers.finite("beta1"), numbers.finite("beta2"), numbers.finite("epsilon")];
  const step = numbers.count("step");
  const stepSize = learningRate / (1 - beta1 ** step);
  const correction = 1 / Math.sqrt(1 - beta2 ** step);
  return ({ parameter, gradient, states: [first = 0, second = 0], bytes }, weightDecay) => [
    parameter,
    gradient,
    first,
    second,
    bytes,
    1 - learningRate * weightDecay,
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    stepSize,
    correction,
    epsilon,
  ];
}

/**
 * Plain gradient descent as in `torch.optim.SGD`: weight decay times the parameter is added to the gradient.
 * Attributes: `learningRate`, `weightDecays`.
 */
const SGD: Optimizer = {
  kernelName: "ApplySgd",
  states: [],
  update(numbers) {
    const rate = numbers.finite("learningRate");
    return ({ passes, parameter, gradient, bytes }, decay) => passes.sgd(parameter, gradient, bytes, rate, decay);
  },
};

/**
 * Gradient descent with plain or Nesterov momentum (Sutskever et al., ICML 2013), as `torch.optim.SGD` without
 * dampening. Velocities must start at zero; the first update sets them to the gradients, like PyTorch's first step.
 * Attributes: `learningRate`, `momentum`, `nesterov`, `weightDecays`.
 */
const MOMENTUM: Optimizer = {
  kernelName: "ApplyMomentum",
  states: ["velocities"],
  update(numbers) {
    const [rate, momentum] = [numbers.finite("learningRate"), numbers.finite("momentum")];
    const nesterov = numbers.flag("nesterov") ? 1 : 0;
    return ({ passes, parameter, gradient, states: [velocity = 0], bytes }, decay) =>
      passes.momentum(parameter, gradient, velocity, bytes, rate, decay, momentum, nesterov);
  },
};

export const ALL_OPTIMIZERS: readonly Optimizer[] = [ADAMW, ADAMW_BFLOAT16, ADAMW_INT8, SGD, MOMENTUM];
