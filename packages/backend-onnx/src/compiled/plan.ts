import type { Tensor, TensorInfo, Variable } from "@tensorflow/tfjs-core";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import type { OwnedProgram } from "../sessions/session-runner.ts";

/** Where a plan gets a value from when it runs. */
export type Source =
  /** The argument with this index among all tensors of the call, read under this shape. */
  | { readonly kind: "argument"; readonly index: number; readonly shape: readonly number[] }
  /** The variable's current data, read under this shape. */
  | { readonly kind: "variable"; readonly variable: Variable; readonly shape: readonly number[] }
  /** A value that was created during the trace or captured from outside the function. */
  | { readonly kind: "constant"; readonly value: RecordedValue }
  /** A value that the plan computes. */
  | { readonly kind: "result"; readonly index: number };

/** A tensor of a plan. */
export interface PlannedTensor extends Pick<TensorInfo, "shape" | "dtype"> {
  readonly source: Source;
}

/** An action that runs one graph; `results` are the indices of the plan's results that it computes. */
export interface GraphAction {
  readonly program: OwnedProgram;
  readonly leaves: readonly Source[];
  readonly results: readonly number[];
  /** Maps each result that may reuse a donated argument's memory to that argument, both by index. */
  readonly overwrites: ReadonlyMap<number, number>;
}

/** An action that updates tensors in place, and runs the graphs that compute its inputs. */
export interface UpdateAction {
  readonly optimizer: Optimizer;
  /** Tensors or lists of tensors, by the optimizer's input names. */
  readonly inputs: Readonly<Record<string, PlannedTensor | readonly PlannedTensor[]>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly graphs: readonly GraphAction[];
}

/** A tensor whose contents are a constant of a plan's graphs, with its version at that time. */
export interface FrozenTensor {
  readonly tensor: Tensor;
  readonly value: RecordedValue;
  readonly version: number;
}

/** The recorded operations of a function, which can run again with different tensors of the same shapes. */
export interface Plan {
  readonly actions: readonly (GraphAction | UpdateAction)[];
  /** Shape and dtype of each result. */
  readonly results: readonly Pick<RecordedValue, "shape" | "dtype">[];
  /** For each action, the results that nothing reads after it. */
  readonly deadAfter: readonly (readonly number[])[];
  readonly returned: readonly PlannedTensor[];
  readonly assigned: readonly { readonly variable: Variable; readonly tensor: PlannedTensor }[];
  /** Tensors whose contents, as of compilation, are constants of the graphs. */
  readonly frozen: readonly FrozenTensor[];
  /** Values that the plan owns until it is released. */
  readonly constants: readonly RecordedValue[];
  readonly programs: readonly OwnedProgram[];
}
