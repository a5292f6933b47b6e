import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Attributes } from "./graph/graph.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { RecordedValue } from "./recording/recorded-value.ts";
import type { ProgramRunner } from "./recording/recording.ts";

/** Tensors or lists of tensors, by an optimizer's input names. */
export type UpdateInputs = Readonly<Record<string, TensorInfo | readonly TensorInfo[]>>;

/** How the backend executes work: immediately, while compiling a function, or while explaining one. */
export interface Execution {
  readonly kind: "direct" | "compiling" | "explaining";
  readonly run: ProgramRunner;
  /** Runs work that is not a recorded operation. */
  runOutsideGraph(operation: string, work: () => void): void;
  /** Called when an optimizer changes tensors in place. `run` performs the update. */
  update(optimizer: Optimizer, inputs: UpdateInputs, attributes: Attributes, run: () => void): void;
  /** Whether a value is the same in every call of the function that is being compiled. */
  isFixed(value: RecordedValue): boolean;
  /** Throws if the data of tensors must not be read now. */
  beforeRead(): void;
  /** The execution for work that does not become part of a compiled function. */
  readonly uncompiled: Execution;
}

/** Executes all work immediately. `explain` passes `run` and `measured` to measure it. */
export function directExecution(run: ProgramRunner, measured?: Pick<Execution, "kind" | "runOutsideGraph">): Execution {
  const execution: Execution = {
    kind: "direct",
    runOutsideGraph: (_operation, work) => work(),
    ...measured,
    run,
    update: (_optimizer, _inputs, _attributes, update) => update(),
    isFixed: () => true,
    beforeRead: () => {},
    get uncompiled() {
      return execution;
    },
  };
  return execution;
}
