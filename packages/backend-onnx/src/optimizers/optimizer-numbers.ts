import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { BackendError } from "../backend-error.ts";
import type { Numbers } from "./optimizer.ts";

export type ReadScalar = (scalar: TensorInfo) => number;

type Named = Readonly<Record<string, unknown>>;
type Invalid = (reason: string) => BackendError;

/** Names of numbers that change with every step. A recorded step reads them from tensors or functions. */
const MAY_BE_TENSORS = ["learningRate", "step", "guard"];

/** Returns the numbers of a call that are scalar tensors, by name. */
export function scalarInputs(inputs: Named, attributes: Named, invalid: Invalid): ReadonlyMap<string, TensorInfo> {
  const scalars = new Map<string, TensorInfo>();
  for (const name of MAY_BE_TENSORS) {
    const tensor = inputs[name];
    if (tensor === undefined) continue;
    if (!isScalar(tensor)) throw invalid(`the input ${name} is not a scalar of dtype float32 or int32`);
    if (attributes[name] !== undefined) throw invalid(`${name} is both an input and an attribute; pass only one`);
    scalars.set(name, tensor);
  }
  return scalars;
}

export function optimizerNumbers(
  scalars: ReadonlyMap<string, TensorInfo>,
  attributes: Named,
  read: ReadScalar,
  invalid: Invalid,
): Numbers {
  const finite = (name: string): number => {
    const scalar = scalars.get(name);
    const given = scalar === undefined ? attributes[name] : read(scalar);
    const value: unknown = typeof given === "function" ? given() : given;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw invalid(
      `the ${scalar === undefined ? "attribute" : "input"} ${name} is ${String(value)}, not a finite number`,
    );
  };
  const guard = scalars.get("guard");
  return {
    changesNothing: guard !== undefined && !Number.isFinite(read(guard)),
    finite,
    count(name) {
      const value = finite(name);
      if (!Number.isSafeInteger(value) || value < 1) throw invalid(`${name} ${value} is not a whole number, 1 or more`);
      return value;
    },
    flag(name) {
      const value = attributes[name] ?? false;
      if (typeof value === "boolean") return value;
      throw invalid(`the attribute ${name} is ${String(value)}, not true or false`);
    },
  };
}

function isScalar(tensor: unknown): tensor is TensorInfo {
  if (typeof tensor !== "object" || tensor === null) return false;
  const { shape, dtype } = tensor as Partial<TensorInfo>;
  return shape?.length === 0 && (dtype === "float32" || dtype === "int32");
}
