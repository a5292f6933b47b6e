import type { Optimizer } from "./optimizer.ts";

/**
 * AdamW (arXiv 1711.05101) as `torch.optim.AdamW`: weight decay scales the parameter, not the gradient.
 * Attributes `learningRate`, `beta1`, `beta2`, `epsilon`, `step` (from 1), `weightDecays`.
 */
const ADAMW: Optimizer = {
  kernelName: "ApplyAdamW",
  states: ["firstMoments", "secondMoments"],
  update(numbers) {
    const learningRate = numbers.finite("learningRate");
    const [beta1, beta2, epsilon] = [numbers.finite("beta1"), numbers.finite("beta2"), numbers.finite("epsilon")];
    const step = numbers.count("step");
    const stepSize = learningRate / (1 - beta1 ** step);
    const correction = 1 / Math.sqrt(1 - beta2 ** step);
    return ({ passes, parameter, gradient, states: [first = 0, second = 0], bytes }, weightDecay) =>
      passes.adamw(
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
      );
  },
};

/**
 * Plain gradient descent as `torch.optim.SGD`: weight decay times the parameter is added to the gradient.
 * Attributes `learningRate`, `weightDecays`.
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
 * Gradient descent with momentum, plain or Nesterov's (Sutskever et al., ICML 2013), as `torch.optim.SGD` without
 * dampening. Initialize velocities with zeros: the first update sets them to the gradients, as PyTorch's first step does.
 * Attributes `learningRate`, `momentum`, `nesterov`, `weightDecays`.
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

export const ALL_OPTIMIZERS: readonly Optimizer[] = [ADAMW, SGD, MOMENTUM];
