import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { sizeOf } from "../storage.ts";
import { fitsSlot, type AdamWNumbers } from "./adamw-slot.ts";

/** A checked call of the kernel ApplyAdamW: lists of float32 tensors where the same place belongs together. */
export interface AdamWCall {
  readonly parameters: readonly AdamWTensors[];
  readonly numbers: AdamWNumbers;
}

/** One parameter with what its update needs; all of one shape. */
export interface AdamWTensors {
  readonly parameter: TensorInfo;
  readonly gradient: TensorInfo;
  readonly firstMoment: TensorInfo;
  readonly secondMoment: TensorInfo;
  readonly weightDecay: number;
}

type Named = Readonly<Record<string, unknown>>;

/**
 * Reads inputs `parameters`, `gradients`, `firstMoments`, `secondMoments` (lists of tensors) and attributes `learningRate`,
 * `beta1`, `beta2`, `epsilon`, `weightDecays` (one per parameter) and `step` (from 1).
 * Throws {@link BackendError} "invalid-options".
 */
export function adamWCall(inputs: Named, attributes: Named): AdamWCall {
  const list = (name: string): readonly TensorInfo[] => tensorList(inputs, name);
  const [gradients, firstMoments, secondMoments] = [list("gradients"), list("firstMoments"), list("secondMoments")];
  const weightDecays = attributes["weightDecays"];
  const parameters = list("parameters").map((parameter, index) => ({
    parameter,
    gradient: companion("gradients", gradients, index, parameter),
    firstMoment: companion("firstMoments", firstMoments, index, parameter),
    secondMoment: companion("secondMoments", secondMoments, index, parameter),
    weightDecay: finite(`weightDecays[${index}]`, Array.isArray(weightDecays) ? weightDecays[index] : undefined),
  }));
  checkDistinct(parameters);
  const number = (name: string): number => finite(name, attributes[name]);
  const step = number("step");
  if (!Number.isSafeInteger(step) || step < 1) throw invalid(`step ${step} does not count from 1`);
  return {
    parameters,
    numbers: {
      learningRate: number("learningRate"),
      beta1: number("beta1"),
      beta2: number("beta2"),
      epsilon: number("epsilon"),
      step,
    },
  };
}

function tensorList(inputs: Named, name: string): readonly TensorInfo[] {
  const list = inputs[name];
  if (!Array.isArray(list)) throw invalid(`the input ${name} is not a list of tensors`);
  return list;
}

/** The tensor at `index`, once it is known to fit the parameter. */
function companion(name: string, tensors: readonly TensorInfo[], index: number, parameter: TensorInfo): TensorInfo {
  const tensor = tensors[index];
  const size = sizeOf(parameter.shape);
  if (tensor?.dtype !== "float32" || parameter.dtype !== "float32" || tensor.shape.join() !== parameter.shape.join()) {
    const found = tensor === undefined ? "nothing" : `${tensor.dtype} of shape [${tensor.shape}]`;
    throw invalid(
      `${name}[${index}] is ${found}, and parameters[${index}] ${parameter.dtype} of shape [${parameter.shape}]; both must be float32 and alike`,
    );
  }
  if (!fitsSlot(size))
    throw invalid(`parameters[${index}] has ${size} elements, more than WebAssembly's 32-bit addresses reach`);
  return tensor;
}

function finite(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw invalid(`the attribute ${name} is ${String(value)}, not a finite number`);
}

function checkDistinct(parameters: readonly AdamWTensors[]): void {
  const changed = parameters.flatMap(({ parameter, firstMoment, secondMoment }) => [
    parameter.dataId,
    firstMoment.dataId,
    secondMoment.dataId,
  ]);
  if (new Set(changed).size < changed.length) throw invalid("a parameter or a moment occurs twice");
}

function invalid(reason: string): BackendError {
  return new BackendError("invalid-options", `ApplyAdamW changed nothing: ${reason}.`);
}
