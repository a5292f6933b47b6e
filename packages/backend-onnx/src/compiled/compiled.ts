import type { CompiledFunction, CompiledOptions } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { OnnxBackend } from "../onnx-backend.ts";
import { flatten } from "./nest.ts";
import type { Plan } from "./plan.ts";
import { replay } from "./replay.ts";
import { trace } from "./trace.ts";

/** What a plan gives, and how it is put together. */
interface Known {
  readonly plan: Plan;
  readonly rebuild: (tensors: readonly tf.Tensor[]) => unknown;
}

/** A function may make its variables at the first call or two, as tfjs's optimizers do; not at every call. */
const CALLS_THAT_MAKE_VARIABLES = 3;

/**
 * Records `fn` once per signature (structure, shapes, dtypes, and all arguments that are no tensors); later calls bind
 * the arguments and the variables and run the graphs, with no JavaScript of `fn` at all. So what `fn` does beside tensor
 * operations happens while it is recorded only: random numbers, `console.log`, and numbers that are no tensors become
 * constants. Variables that `fn` assigns, or updates by an optimizer's kernel, are updated by each call.
 *
 * Arguments and result are tensors in arrays and plain objects, beside numbers, booleans, strings, null and undefined.
 * The result is tracked by the current `tf.tidy`, all else is given back. Of `frozen` tensors the content becomes part of
 * the graphs: ONNX Runtime packs a copy of each matrix, which makes products with few rows up to twice as fast; without
 * effect on devices. `donated` arguments are disposed of, and `tf.tensorScatterUpdate` writes into their memory where it is
 * what becomes of one that nothing else reads, on the CPU. On other backends `fn` is just called. Throws {@link BackendError} "unsupported" when `fn` reads a
 * tensor's data, or when it is called inside of `tf.grad`: put the gradient into `fn`.
 */
export function compiled<Parameters extends readonly unknown[], Result>(
  fn: (...parameters: Parameters) => Result,
  { signatures: capacity = 32, frozen = [], donated = () => [] }: CompiledOptions<Parameters> = {},
): CompiledFunction<Parameters, Result> {
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw new BackendError("invalid-options", `signatures: ${capacity} is not a whole number from 1.`);
  // A Map keeps the order of insertion: the first entry is the one used longest ago.
  const plans = new Map<string, Known>();
  let owner: OnnxBackend | undefined;
  let callsThatMadeVariables = 0;

  const dispose = (): void => {
    for (const { plan } of plans.values()) release(owner, plan);
    plans.clear();
  };

  /** Before another signature is recorded: with frozen weights, each holds a copy of all of them. */
  const makeRoom = (backend: OnnxBackend): void => {
    const [oldest] = plans;
    if (plans.size < capacity || oldest === undefined) return;
    plans.delete(oldest[0]);
    release(backend, oldest[1].plan);
  };

  const call = (...parameters: Parameters): Result => {
    const usedUp = donated(...parameters);
    try {
      return callWith(new Set(usedUp), parameters);
    } finally {
      for (const tensor of usedUp) tensor.dispose();
    }
  };

  const callWith = (usedUp: ReadonlySet<tf.Tensor>, parameters: Parameters): Result => {
    const backend = tf.backend();
    // An explanation has every graph run in sessions of its own.
    if (!(backend instanceof OnnxBackend) || backend.trace !== undefined || backend.explainer !== undefined) {
      return tf.tidy(() => fn(...parameters) as tf.TensorContainer) as Result;
    }
    if (tf.engine().state.gradientDepth > 0) throw insideGradient();
    // Plans belong to the backend that was current when they were made.
    if (owner !== backend) {
      dispose();
      owner = backend;
    }
    const { tensors, signature, rebuild } = flatten(parameters);
    const known = plans.get(signature);
    if (known !== undefined) {
      plans.delete(signature);
      if (isStale(backend, known.plan)) {
        release(backend, known.plan);
        return callWith(usedUp, parameters);
      }
      plans.set(signature, known);
      return known.rebuild(replay(backend, known.plan, tensors)) as Result;
    }
    makeRoom(backend);
    let shape: Known["rebuild"] = () => undefined;
    const constants = backend.device.provider === "cpu" ? frozen : [];
    const { returned, plan } = trace(backend, tensors, { frozen: constants, donated: usedUp }, (standIns) => {
      const result = flatten(fn(...(rebuild(standIns) as Parameters)));
      shape = result.rebuild;
      return result.tensors;
    });
    if (plan === undefined) {
      if (++callsThatMadeVariables > CALLS_THAT_MAKE_VARIABLES) {
        tf.dispose([...returned]);
        throw makesVariables();
      }
    } else {
      plans.set(signature, { plan, rebuild: shape });
    }
    return shape(returned) as Result;
  };
  return Object.defineProperties(call, {
    signatures: { get: () => plans.size },
    dispose: { value: dispose },
  }) as CompiledFunction<Parameters, Result>;
}

/** Whether a tensor that the graphs hold has changed since. */
function isStale({ data }: OnnxBackend, { frozen }: Plan): boolean {
  return frozen.some(({ tensor, value, version }) => data.value(tensor.dataId) !== value || value.version !== version);
}

function release(backend: OnnxBackend | undefined, { programs, constants }: Plan): void {
  for (const program of programs) program.release();
  for (const constant of constants) backend?.recording.drop(constant);
}

function insideGradient(): BackendError {
  return new BackendError(
    "unsupported",
    "a compiled function was called inside of tf.grad or tf.variableGrads, where nothing would be known of its " +
      "derivative. Compile the function that computes the gradient instead.",
  );
}

function makesVariables(): BackendError {
  return new BackendError(
    "unsupported",
    "a compiled function makes new variables at every call. Make them once, outside of it.",
  );
}
