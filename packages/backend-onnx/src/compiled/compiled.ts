import { type CompiledFunction, type CompiledOptions, disposingDonated } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { OnnxBackend } from "../onnx-backend.ts";
import { flatten } from "./structure.ts";
import type { Plan } from "./plan.ts";
import { insideGradient, makesVariables } from "./refusals.ts";
import { replay } from "./replay.ts";
import { trace } from "./trace.ts";

/** A plan, and the structure of its results. */
interface CachedPlan {
  readonly plan: Plan;
  readonly rebuild: (tensors: readonly tf.Tensor[]) => unknown;
}

/** Number of initial calls in which a function may create variables, as tfjs's optimizers do. */
const CALLS_THAT_MAKE_VARIABLES = 3;

/**
 * Compiles `fn`: records it once per signature, and later runs the recorded graphs with new arguments and the current
 * variables.
 *
 * A signature consists of structure, shapes, dtypes, and the values of arguments that are not tensors. `fn` itself does
 * not run again: random numbers, `console.log` and numbers that are not tensors become constants. Every call updates
 * the variables that `fn` assigns or updates through an optimizer's kernel. Arguments and results are arrays and plain
 * objects of tensors, numbers, booleans, strings, null and undefined. The current `tf.tidy` owns the results; all other
 * tensors are disposed.
 *
 * On the CPU, the values of `frozen` tensors become part of the graphs. ONNX Runtime packs a copy of each matrix, which
 * makes products with few rows up to twice as fast. `donated` arguments are disposed; on the CPU,
 * `tf.tensorScatterUpdate` may write into their memory. On other backends `fn` is simply called.
 *
 * Throws {@link BackendError} "unsupported" if `fn` reads a tensor's data, or if the compiled function is called inside
 * `tf.grad`; compute the gradient inside `fn` instead.
 */
export function compiled<Parameters extends readonly unknown[], Result>(
  fn: (...parameters: Parameters) => Result,
  { signatures: capacity = 32, frozen = [], donated = () => [] }: CompiledOptions<Parameters> = {},
): CompiledFunction<Parameters, Result> {
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw new BackendError("invalid-options", `signatures: ${capacity} is not a whole number, 1 or more.`);
  // A Map keeps insertion order. The first entry is the least recently used.
  const plans = new Map<string, CachedPlan>();
  let owner: OnnxBackend | undefined;
  let callsThatMadeVariables = 0;

  const dispose = (): void => {
    for (const { plan } of plans.values()) release(owner, plan);
    plans.clear();
  };

  /** Evicts the oldest plan before a new plan is recorded, because a plan may hold a copy of all frozen weights. */
  const makeRoom = (backend: OnnxBackend): void => {
    const [oldest] = plans;
    if (plans.size < capacity || oldest === undefined) return;
    plans.delete(oldest[0]);
    release(backend, oldest[1].plan);
  };

  const callOnce = (...parameters: Parameters): Result => {
    const backend = tf.backend();
    // A compiled function inside another becomes part of it. `explain` runs every graph in separate, profiled sessions.
    if (!(backend instanceof OnnxBackend) || backend.execution.kind !== "direct") {
      return tf.tidy(() => fn(...parameters) as tf.TensorContainer) as Result;
    }
    if (tf.engine().state.gradientDepth > 0) throw insideGradient();
    // A plan works only on the backend that recorded it.
    if (owner !== backend) {
      dispose();
      owner = backend;
    }
    const { tensors, signature: types, rebuild } = flatten(parameters);
    const consumed = new Set(donated(...parameters));
    const places = tensors.flatMap((tensor, place) => (consumed.has(tensor) ? place : []));
    const signature = `${types} donated ${places.join()}`;
    const known = plans.get(signature);
    if (known !== undefined) {
      plans.delete(signature);
      if (isStale(backend, known.plan)) {
        release(backend, known.plan);
        return callOnce(...parameters);
      }
      plans.set(signature, known);
      return known.rebuild(replay(backend, known.plan, tensors)) as Result;
    }
    makeRoom(backend);
    let shape: CachedPlan["rebuild"] = () => undefined;
    const constants = backend.device.provider === "cpu" ? frozen : [];
    const { returned, plan } = trace(backend, tensors, { frozen: constants, donated: consumed }, (placeholders) => {
      const result = flatten(fn(...(rebuild(placeholders) as Parameters)));
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
  const call = disposingDonated(callOnce, donated, (result) =>
    tf.tensor_util.getTensorsInContainer(result as tf.TensorContainer),
  );
  return Object.defineProperties(call, {
    signatures: { get: () => plans.size },
    dispose: { value: dispose },
  }) as CompiledFunction<Parameters, Result>;
}

/** Whether a frozen tensor has changed since the plan was recorded. */
function isStale({ data }: OnnxBackend, { frozen }: Plan): boolean {
  return frozen.some(({ tensor, value, version }) => data.value(tensor.dataId) !== value || value.version !== version);
}

function release(backend: OnnxBackend | undefined, { programs, constants }: Plan): void {
  for (const program of programs) program.release();
  for (const constant of constants) backend?.recording.drop(constant);
}
