import { BackendError } from "../backend-error.ts";

// Errors for work that a compiled function must not do.

export function readsTensor(): BackendError {
  return new BackendError(
    "unsupported",
    "a compiled function reads a tensor (data, dataSync, print, or an op whose result's shape depends on data). " +
      "Return the tensor and read it outside the function.",
  );
}

export function notVariable(kernelName: string, name: string, index: number): BackendError {
  return new BackendError(
    "unsupported",
    `${kernelName} in a compiled function changes ${name}[${index}], which is not a tf.Variable. ` +
      "Make it one, or run the update outside the function.",
  );
}

export function constantStep(kernelName: string): BackendError {
  return new BackendError(
    "unsupported",
    `${kernelName} in a compiled function has a step that is a number, which would be the same in every call. ` +
      'Pass the step as an argument, a scalar tensor of dtype "int32", or as a function.',
  );
}

export function insideGradient(): BackendError {
  return new BackendError(
    "unsupported",
    "a compiled function was called inside tf.grad or tf.variableGrads, and it has no derivative. " +
      "Compile the function that computes the gradient instead.",
  );
}

export function makesVariables(): BackendError {
  return new BackendError(
    "unsupported",
    "a compiled function creates new variables in every call. Create them once, outside the function.",
  );
}
