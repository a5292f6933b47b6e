import type { Tensor, TensorInfo, Variable } from "@tensorflow/tfjs-core";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import type { OwnedProgram } from "../sessions/session-runner.ts";

/** Where a value comes from when a plan is run. */
export type Source =
  /** The argument at this place among all tensors of the call, its data read under this shape. */
  | { readonly kind: "argument"; readonly index: number; readonly shape: readonly number[] }
  /** What the variable holds at that moment, read under this shape. */
  | { readonly kind: "variable"; readonly variable: Variable; readonly shape: readonly number[] }
  /** Made while tracing, or captured from outside. */
  | { readonly kind: "constant"; readonly value: RecordedValue }
  /** Computed by the plan. */
  | { readonly kind: "result"; readonly index: number };

/** A tensor as a plan knows it. */
export interface PlannedTensor extends Pick<TensorInfo, "shape" | "dtype"> {
  readonly source: Source;
}

/** One graph: it computes the plan's results at these places. */
export interface GraphAction {
  readonly program: OwnedProgram;
  readonly leaves: readonly Source[];
  readonly results: readonly number[];
  /** Results that may take the memory of a donated argument, and its place among all tensors of the call. */
  readonly overwrites: ReadonlyMap<number, number>;
}

/** An update in place; it has the graphs run that compute what it reads. */
export interface UpdateAction {
  readonly optimizer: Optimizer;
  /** Lists of tensors, or tensors, by the optimizer's names for them. */
  readonly inputs: Readonly<Record<string, PlannedTensor | readonly PlannedTensor[]>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly graphs: readonly GraphAction[];
}

/** A tensor whose content stands in a plan's graphs. */
export interface FrozenTensor {
  readonly tensor: Tensor;
  readonly value: RecordedValue;
  readonly version: number;
}

/** What a function did with its tensors, in a form that can be done again with others of the same shapes. */
export interface Plan {
  readonly actions: readonly (GraphAction | UpdateAction)[];
  /** Shape and dtype of each result. */
  readonly results: readonly Pick<RecordedValue, "shape" | "dtype">[];
  /** For each action the results that nothing reads after it. */
  readonly finished: readonly (readonly number[])[];
  readonly returned: readonly PlannedTensor[];
  readonly assigned: readonly { readonly variable: Variable; readonly tensor: PlannedTensor }[];
  /** Tensors whose content stands in the graphs, as it was when they were compiled. */
  readonly frozen: readonly FrozenTensor[];
  /** What the plan keeps alive until it is given up. */
  readonly constants: readonly RecordedValue[];
  readonly programs: readonly OwnedProgram[];
}
