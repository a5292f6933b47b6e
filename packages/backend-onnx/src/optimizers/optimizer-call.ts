import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { sizeOf } from "../memory/storage.ts";
import type { Numbers, Optimizer } from "./optimizer.ts";
import { type AreaSize, fitsSlot } from "./optimizer-slot.ts";
import { optimizerNumbers, scalarInputs, type ReadScalar } from "./optimizer-numbers.ts";

/** A checked call of an optimizer's kernel. */
export interface OptimizerCall {
  readonly optimizer: Optimizer;
  readonly groups: readonly OptimizerGroup[];
  /**
   * Returns the numbers of the call, whose methods throw {@link BackendError} "invalid-options". `read` reads numbers
   * from tensors.
   */
  numbers(read: ReadScalar): Numbers;
}

/** A parameter and the tensors of its update: float32 and of the same shape, except for states with fewer bits. */
export interface OptimizerGroup {
  readonly gradient: TensorInfo;
  /** The tensors that the update changes: the parameter, then its states. */
  readonly changed: readonly TensorInfo[];
  readonly weightDecay: number;
}

type Named = Readonly<Record<string, unknown>>;

/**
 * Reads the inputs of an optimizer's kernel: `parameters`, `gradients` and the optimizer's states (lists of tensors in
 * the same order), the attribute `weightDecays` (one per parameter), and the optimizer's numbers. Numbers are
 * attributes. `learningRate` and `step` may also be functions, or scalar inputs. If a scalar input `guard` is not
 * finite, nothing changes. Throws {@link BackendError} "invalid-options".
 */
export function optimizerCall(optimizer: Optimizer, inputs: Named, attributes: Named): OptimizerCall {
  const { kernelName, states, packed } = optimizer;
  const invalid = (reason: string): BackendError =>
    new BackendError("invalid-options", `${kernelName} changed nothing: ${reason}.`);
  const list = (name: string): readonly TensorInfo[] => {
    const tensors = inputs[name];
    if (!Array.isArray(tensors)) throw invalid(`the input ${name} is not a list of tensors`);
    return tensors;
  };
  const companions = ["gradients", ...states].map((name) => ({ name, tensors: list(name) }));
  const groups = list("parameters").map((parameter, index): OptimizerGroup => {
    checkParameter(parameter, index, optimizer, invalid);
    const [gradient = parameter, ...others] = companions.map(({ name, tensors }) => {
      const tensor = tensors[index];
      const length = name === "gradients" ? undefined : packed?.length(sizeOf(parameter.shape));
      if (tensor !== undefined && isCompanion(tensor, parameter, length)) return tensor;
      const found = tensor === undefined ? "missing" : typeOf(tensor);
      const rule =
        packed && length !== undefined
          ? `${packed.content} of an int32 vector of ${length}`
          : "both must be float32 and have the same shape";
      throw invalid(`${name}[${index}] is ${found}, but parameters[${index}] is ${typeOf(parameter)}; ${rule}`);
    });
    return { gradient, changed: [parameter, ...others], weightDecay: weightDecay(attributes, index, invalid) };
  });
  const changed = groups.flatMap((group) => group.changed.map(({ dataId }) => dataId));
  if (new Set(changed).size < changed.length)
    throw invalid(`a tensor occurs twice in ${["parameters", ...states].join(", ")}; each tensor must occur once`);
  const scalars = scalarInputs(inputs, attributes, invalid);
  return {
    optimizer,
    groups,
    numbers: (read) => optimizerNumbers(scalars, attributes, read, invalid),
  };
}

function checkParameter(
  parameter: TensorInfo,
  index: number,
  { states, packed }: Optimizer,
  invalid: (reason: string) => BackendError,
): void {
  const length = sizeOf(parameter.shape);
  const state: AreaSize = packed ? { length: packed.length(length), dtype: "int32" } : { length, dtype: "float32" };
  if (!fitsSlot([{ length, dtype: "float32" }, ...states.map(() => state)]))
    throw invalid(`parameters[${index}] has ${length} elements, too many for WebAssembly's 32-bit addresses`);
}

function weightDecay(attributes: Named, index: number, invalid: (reason: string) => BackendError): number {
  const { weightDecays } = attributes;
  const value: unknown = Array.isArray(weightDecays) ? weightDecays[index] : undefined;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw invalid(`the attribute weightDecays[${index}] is ${String(value)}, not a finite number`);
}

/** Whether a tensor has the type of the parameter, or is an int32 vector of `length` elements if that is given. */
function isCompanion({ dtype, shape }: TensorInfo, parameter: TensorInfo, length: number | undefined): boolean {
  if (parameter.dtype !== "float32") return false;
  if (length !== undefined) return dtype === "int32" && shape.join() === `${length}`;
  return dtype === "float32" && shape.join() === parameter.shape.join();
}

function typeOf({ dtype, shape }: TensorInfo): string {
  return `${dtype} of shape [${shape}]`;
}
