import type { Tensor, TensorInfo, Variable } from "@tensorflow/tfjs-core";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import type { OwnedProgram } from "../sessions/session-runner.ts";

/** Where a plan finds a value when the plan runs. */
export type Source =
  /** The argument with this index among all tensors of the call, with this shape. */
  | { readonly kind: "argument"; readonly index: number; readonly shape: readonly number[] }
  /** The variable's current data, with this shape. */
  | { readonly kind: "variable"; readonly variable: Variable; readonly shape: readonly number[] }
  /** A value that was created during the trace or captured from outside the function. */
  | { readonly kind: "constant"; readonly value: RecordedValue }
  | { readonly kind: "result"; readonly index: number };

export interface PlannedTensor extends Pick<TensorInfo, "shape" | "dtype"> {
  readonly source: Source;
}

/** Runs one graph. `results` are the indices of its results in the plan. */
export interface GraphAction {
  readonly program: OwnedProgram;
  readonly leaves: readonly Source[];
  readonly results: readonly number[];
  /** By the index of a result, the index of the donated argument whose memory the result may use. */
  readonly overwrites: ReadonlyMap<number, number>;
}

/** Updates tensors in place. `graphs` compute its inputs. */
export interface UpdateAction {
  readonly optimizer: Optimizer;
  /** Tensors or lists of tensors, by the optimizer's input names. */
  readonly inputs: Readonly<Record<string, PlannedTensor | readonly PlannedTensor[]>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly graphs: readonly GraphAction[];
}

/** A tensor whose values are constants of a plan's graphs, with its version when the plan was recorded. */
export interface FrozenTensor {
  readonly tensor: Tensor;
  readonly value: RecordedValue;
  readonly version: number;
}

/** The recorded operations of a function. */
export interface Plan {
  readonly actions: readonly (GraphAction | UpdateAction)[];
  readonly results: readonly Pick<RecordedValue, "shape" | "dtype">[];
  /** For each action, the results that no later action reads. */
  readonly deadAfter: readonly (readonly number[])[];
  readonly returned: readonly PlannedTensor[];
  readonly assigned: readonly { readonly variable: Variable; readonly tensor: PlannedTensor }[];
  /** Tensors whose values are constants of the graphs. */
  readonly frozen: readonly FrozenTensor[];
  /** Values that the plan owns. */
  readonly constants: readonly RecordedValue[];
  readonly programs: readonly OwnedProgram[];
}
