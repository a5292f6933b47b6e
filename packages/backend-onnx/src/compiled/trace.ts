import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Execution, UpdateInputs } from "../execution.ts";
import type { Attributes } from "../graph/graph.ts";
import type { OnnxBackend } from "../onnx-backend.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Program } from "../recording/program.ts";
import { RecordedValue } from "../recording/recorded-value.ts";
import type { ProgramRunner } from "../recording/recording.ts";
import type { OwnedProgram } from "../sessions/session-runner.ts";
import { borrowStorage } from "../memory/storage.ts";
import type { FrozenTensor, GraphAction, Plan, PlannedTensor, Source, UpdateAction } from "./plan.ts";
import { constantStep, notVariable, readsTensor } from "./refusals.ts";
import { deadAfter, withExclusiveOverwrites } from "./liveness.ts";
import { tensorOf } from "./tensor-of.ts";
import { tracedVariables, type TracedVariables } from "./traced-variables.ts";

export interface Traced {
  /** The function's results, already computed. */
  readonly returned: readonly tf.Tensor[];
  /** Undefined if the function created variables and must be traced again. */
  readonly plan: Plan | undefined;
}

export interface TraceOptions {
  /** Tensors whose values become constants of the graphs. */
  readonly frozen: readonly tf.Tensor[];
  /** Parameters whose memory a result may use. */
  readonly donated: ReadonlySet<tf.Tensor>;
}

/** Runs `work` on placeholders for `parameters` and records it as a plan. Rethrows the errors of `work`. */
export function trace(
  backend: OnnxBackend,
  parameters: readonly tf.Tensor[],
  { frozen, donated }: TraceOptions,
  work: (placeholders: readonly tf.Tensor[]) => readonly tf.Tensor[],
): Traced {
  backend.recording.flush();
  const variables = tracedVariables(backend);
  const tracer = new Tracer(backend, variables, frozen);
  const placeholders: tf.Tensor[] = [];
  let returned: readonly tf.Tensor[] = [];
  let leave = (): void => {};
  try {
    for (const parameter of parameters) placeholders.push(tracer.placeholder(parameter, donated.has(parameter)));
    leave = backend.enter(tracer);
    tracer.setFrozen(true);
    returned = tf.tidy(() => {
      // Ids increase. A tensor with a smaller id is a variable or an argument, and its owner keeps it, so a clone is
      // returned.
      const { id } = tf.scalar(0);
      return work(placeholders).map((tensor) => (tensor.id < id ? tf.clone(tensor) : tensor));
    });
    backend.recording.flush();
    for (const tensor of returned) throwFailure(backend.data.value(tensor.dataId));
    return { returned, plan: tracer.finish(returned) };
  } catch (error) {
    tf.dispose([...returned]);
    tracer.abandon();
    throw error;
  } finally {
    leave();
    tracer.setFrozen(false);
    tf.dispose(placeholders);
  }
}

/** Executes the work of a function immediately and records it as a plan. */
class Tracer implements Execution {
  readonly kind = "compiling";
  readonly uncompiled: Execution;
  readonly #backend: OnnxBackend;
  readonly #variables: TracedVariables;
  readonly #arguments = new Map<RecordedValue, number>();
  readonly #donated = new Set<RecordedValue>();
  readonly #frozen: readonly FrozenTensor[];
  readonly #constants = new Set<RecordedValue>();
  readonly #resultIndices = new Map<RecordedValue, number>();
  readonly #programs = new Map<string, OwnedProgram>();
  readonly #actions: (GraphAction | UpdateAction)[] = [];
  /** The list for the next graph: the actions, or the graphs of an update. */
  #graphs: (GraphAction | UpdateAction)[] = this.#actions;

  constructor(backend: OnnxBackend, variables: TracedVariables, frozen: readonly tf.Tensor[]) {
    this.#backend = backend;
    this.uncompiled = backend.execution;
    this.#variables = variables;
    this.#frozen = frozen.map((tensor) => {
      const value = backend.data.value(tensor.dataId);
      throwFailure(value);
      return { tensor, value, version: value.version };
    });
  }

  /**
   * Sets whether programs use the frozen tensors as constants. True only while a function is traced.
   */
  setFrozen(frozen: boolean): void {
    for (const { value } of this.#frozen) {
      value.frozen = frozen;
      // A frozen value has a different type number, so the next program must look it up again.
      value.type = -1;
    }
  }

  /**
   * Returns a tensor that shares the argument's data under a new identity, so that two equal arguments stay distinct.
   */
  placeholder(parameter: tf.Tensor, donated: boolean): tf.Tensor {
    const { data, recording } = this.#backend;
    const original = data.value(parameter.dataId);
    throwFailure(original);
    const value = new RecordedValue(original.shape, original.dtype);
    original.owners++;
    value.storage = borrowStorage(original, () => recording.drop(original));
    this.#arguments.set(value, this.#arguments.size);
    if (donated) this.#donated.add(value);
    return tensorOf(data.add(value), parameter);
  }

  /** Whether the value is the same in every call: false for arguments, variables, and results computed from them. */
  isFixed(value: RecordedValue): boolean {
    return this.#known(value) === undefined;
  }

  beforeRead(): never {
    throw readsTensor();
  }

  runOutsideGraph(operation: string, work: () => void): void {
    this.uncompiled.runOutsideGraph(operation, work);
  }

  readonly run: ProgramRunner = (program, destinations) => {
    this.uncompiled.run(program, destinations);
    this.#record(program);
  };

  /** Records a program that has just run, while its leaves still have their storage. */
  #record(program: Program): void {
    const leaves = program.leaves.map((leaf) => this.#source(leaf));
    for (const value of program.frozen) this.#hold(value);
    const results = program.outputs.map((output) => {
      const index = this.#resultIndices.size;
      this.#resultIndices.set(output, index);
      return index;
    });
    this.#graphs.push({ program: this.#own(program), leaves, results, overwrites: this.#overwrites(program) });
  }

  update(optimizer: Optimizer, inputs: UpdateInputs, attributes: Attributes, run: () => void): void {
    const { data } = this.#backend;
    if (typeof attributes["step"] === "number") throw constantStep(optimizer.kernelName);
    this.#variables.refuseAssigned(optimizer.kernelName);
    const graphs: GraphAction[] = [];
    const values = mapInputs(inputs, (tensor) => data.value(tensor.dataId));
    this.#graphs = graphs;
    try {
      run();
    } finally {
      this.#graphs = this.#actions;
    }
    // The update determines which inputs are results.
    const planned = mapInputs(inputs, (tensor, name, index) => {
      const variable = this.#variables.holding(tensor.dataId);
      if (variable !== undefined) {
        const source = { kind: "variable", variable, shape: tensor.shape } as const;
        return { source, ...typeOf(tensor) };
      }
      const value = [values[name] ?? []].flat()[index];
      if (value === undefined || !READ_ONLY.has(name)) throw notVariable(optimizer.kernelName, name, index);
      return { source: this.#source(value), ...typeOf(tensor) };
    });
    this.#variables.refresh();
    this.#actions.push({ optimizer, inputs: planned, attributes, graphs });
  }

  finish(returned: readonly tf.Tensor[]): Plan | undefined {
    if (this.#variables.createdNew()) {
      this.abandon();
      return undefined;
    }
    const planned = returned.map((tensor) => this.#planned(tensor));
    const assigned = this.#variables.assigned().map((variable) => ({ variable, tensor: this.#planned(variable) }));
    const outgoing = [...planned, ...assigned.map(({ tensor }) => tensor)];
    const results = [...this.#resultIndices.keys()].map(({ shape, dtype }) => ({ shape, dtype }));
    return {
      actions: withExclusiveOverwrites(this.#actions, outgoing),
      results,
      deadAfter: deadAfter(this.#actions, outgoing),
      returned: planned,
      assigned,
      frozen: this.#frozen,
      constants: [...this.#constants],
      programs: [...this.#programs.values()],
    };
  }

  abandon(): void {
    for (const program of this.#programs.values()) program.release();
    for (const constant of this.#constants) this.#backend.recording.drop(constant);
    this.#programs.clear();
    this.#constants.clear();
  }

  #planned(tensor: tf.Tensor): PlannedTensor {
    return { source: this.#source(this.#backend.data.value(tensor.dataId)), ...typeOf(tensor) };
  }

  #source(value: RecordedValue): Source {
    const known = this.#known(value);
    if (known !== undefined) return known;
    this.#hold(value);
    return { kind: "constant", value };
  }

  /** Returns the source of a value that is not a constant. */
  #known(value: RecordedValue): Source | undefined {
    const result = this.#resultIndices.get(value);
    if (result !== undefined) return { kind: "result", index: result };
    const argument = this.#arguments.get(value);
    if (argument !== undefined) return { kind: "argument", index: argument, shape: value.shape };
    const variable = this.#variables.of(value);
    return variable && { kind: "variable", variable, shape: value.shape };
  }

  #hold(value: RecordedValue): void {
    if (this.#constants.has(value)) return;
    value.owners++;
    this.#constants.add(value);
  }

  /**
   * Returns the results that may use a donated argument's memory, because nothing else in the program reads the
   * argument.
   */
  #overwrites({ nodes }: Program): ReadonlyMap<number, number> {
    const overwrites = new Map<number, number>();
    if (this.#donated.size === 0 || this.#backend.device.provider !== "cpu") return overwrites;
    for (const { operation, inputs, outputs } of nodes) {
      const base = operation.overwrites === undefined ? undefined : inputs[operation.overwrites];
      if (base === undefined || !this.#donated.has(base)) continue;
      const reads = nodes.reduce((count, node) => count + node.inputs.filter((input) => input === base).length, 0);
      const [argument, result] = [this.#arguments.get(base), outputs[0] && this.#resultIndices.get(outputs[0])];
      if (reads === 1 && argument !== undefined && result !== undefined) overwrites.set(result, argument);
    }
    return overwrites;
  }

  /**
   * Returns a program that the plan owns. Programs with the same signature, e.g. those of identical layers, share a
   * session.
   */
  #own(program: Program): OwnedProgram {
    const key = program.signature.join();
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const owned = this.#backend.own(program);
    this.#programs.set(key, owned);
    return owned;
  }
}

/** Inputs that optimizers read but do not change. */
const READ_ONLY: ReadonlySet<string> = new Set(["gradients", "learningRate", "step", "guard"]);

function mapInputs<Result>(
  inputs: UpdateInputs,
  map: (tensor: TensorInfo, name: string, index: number) => Result,
): Record<string, Result | readonly Result[]> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [
      name,
      Array.isArray(input)
        ? input.map((tensor: TensorInfo, index) => map(tensor, name, index))
        : map(input as TensorInfo, name, 0),
    ]),
  );
}

function typeOf({ shape, dtype }: TensorInfo): Pick<PlannedTensor, "shape" | "dtype"> {
  return { shape: [...shape], dtype };
}

function throwFailure({ failure }: RecordedValue): void {
  if (failure !== undefined) throw failure;
}
