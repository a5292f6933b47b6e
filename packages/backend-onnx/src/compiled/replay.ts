import { type TensorInfo, type Tensor, Variable } from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import type { OnnxBackend } from "../onnx-backend.ts";
import { optimizerCall } from "../optimizers/optimizer-call.ts";
import { updateInPlace } from "../optimizers/update.ts";
import type { Storage } from "../graph/graph.ts";
import type { Destinations } from "../ort/ort-session.ts";
import { recordedNode, RecordedValue } from "../recording/recorded-value.ts";
import type { GraphAction, Plan, PlannedTensor, Source, UpdateAction } from "./plan.ts";
import { tensorOf } from "./tensor-of.ts";

/** The producer of results that are not computed yet. */
const REPLAYED = recordedNode({ name: "Replayed", emit() {} }, [], [], {}, -1);

/** Runs `plan` with new arguments and returns the function's results. */
export function replay(backend: OnnxBackend, plan: Plan, parameters: readonly Tensor[]): Tensor[] {
  backend.recording.flush();
  return new Replay(backend, plan, parameters).run();
}

class Replay {
  readonly #backend: OnnxBackend;
  readonly #plan: Plan;
  readonly #parameters: readonly Tensor[];
  /** The plan's results by index. Each is released after its last reader. */
  readonly #results: RecordedValue[];
  /** Arguments and variables that the plan reads with a different shape. */
  readonly #views: RecordedValue[] = [];

  constructor(backend: OnnxBackend, plan: Plan, parameters: readonly Tensor[]) {
    this.#backend = backend;
    this.#plan = plan;
    this.#parameters = parameters;
    this.#results = plan.results.map(({ shape, dtype }) => {
      const value = new RecordedValue(shape, dtype);
      value.owners = 1;
      value.producer = REPLAYED;
      return value;
    });
  }

  run(): Tensor[] {
    const { actions, deadAfter, returned, assigned } = this.#plan;
    const live = new Set(this.#results);
    try {
      actions.forEach((action, index) => {
        if ("graphs" in action) this.#update(action);
        else this.#compute(action, undefined);
        for (const result of deadAfter[index] ?? []) this.#drop(result, live);
      });
      const tensors = returned.map((planned) => this.#tensor(planned));
      for (const { variable, tensor } of assigned) {
        const value = this.#tensor(tensor);
        variable.assign(value);
        value.dispose();
      }
      return tensors;
    } finally {
      for (const value of [...live, ...this.#views]) this.#backend.recording.drop(value);
    }
  }

  #drop(result: number, live: Set<RecordedValue>): void {
    const value = this.#result(result);
    if (live.delete(value)) this.#backend.recording.drop(value);
  }

  #compute({ program, leaves, results, overwrites }: GraphAction, destinations: Destinations | undefined): void {
    const outputs = results.map((result) => this.#result(result));
    const taken = this.#takenMemory(overwrites);
    program.run(
      leaves.map((leaf) => this.#value(leaf)),
      outputs,
      taken.size === 0 ? destinations : new Map([...(destinations ?? []), ...taken]),
    );
    for (const output of outputs) output.producer = undefined;
    for (const [result, argument] of overwrites) {
      const value = taken.has(this.#result(result)) ? this.#donated(argument) : undefined;
      // The result owns this memory now.
      if (value) value.storage = undefined;
    }
  }

  #takenMemory(overwrites: ReadonlyMap<number, number>): Destinations {
    const taken = new Map<RecordedValue, Storage>();
    for (const [result, argument] of overwrites) {
      const output = this.#result(result);
      const { storage, shape = [] } = this.#donated(argument) ?? {};
      // An OrtValue keeps the shape with which it was created.
      const fits = shape.join() === output.shape.join();
      if (storage && storage.readOnly !== true && fits) taken.set(output, storage);
    }
    return taken;
  }

  /** Returns the value of an argument; undefined if another tensor shares this value. */
  #donated(argument: number): RecordedValue | undefined {
    const { data } = this.#backend;
    const parameter = this.#parameters[argument];
    // The function may also read the data through a variable.
    if (parameter === undefined || parameter instanceof Variable) return undefined;
    const { dataId } = parameter;
    if (data.refCount(dataId) !== 1) return undefined;
    const given = this.#parameters.filter((other) => other.dataId === dataId).length;
    const value = data.value(dataId);
    return given === 1 && value.owners === 1 ? value : undefined;
  }

  /** Runs an in-place update. The optimizer decides when its inputs are computed; flushing runs the plan's graphs. */
  #update({ optimizer, inputs, attributes, graphs }: UpdateAction): void {
    const { data, recording } = this.#backend;
    const made: TensorInfo[] = [];
    const tensor = ({ source, ...type }: PlannedTensor): TensorInfo => {
      if (source.kind === "variable") return { ...type, dataId: source.variable.dataId };
      const info = { ...type, dataId: data.add(this.#value(source)) };
      made.push(info);
      return info;
    };
    const named = Object.entries(inputs).map(([name, input]) => [
      name,
      Array.isArray(input) ? input.map(tensor) : tensor(input as PlannedTensor),
    ]);
    let pending = graphs;
    const flush = (destinations?: Destinations): void => {
      for (const graph of pending) this.#compute(graph, destinations);
      pending = [];
      recording.flush();
    };
    try {
      const call = optimizerCall(optimizer, Object.fromEntries(named), attributes);
      updateInPlace(this.#backend, call, flush);
    } finally {
      for (const { dataId } of made) data.dispose(dataId, false);
    }
  }

  #tensor({ source, ...type }: PlannedTensor): Tensor {
    return tensorOf(this.#backend.data.add(this.#value(source)), type);
  }

  #value(source: Source): RecordedValue {
    switch (source.kind) {
      case "result":
        return this.#result(source.index);
      case "constant":
        return source.value;
      case "argument":
        return this.#current(this.#parameters[source.index]?.dataId, source.shape, `argument ${source.index}`);
      case "variable":
        return this.#current(source.variable.dataId, source.shape, `the variable ${source.variable.name}`);
    }
  }

  #current(dataId: object | undefined, shape: readonly number[], what: string): RecordedValue {
    if (dataId === undefined)
      throw new BackendError(
        "disposed",
        `${what} of a compiled function is missing. Pass a tensor that is not disposed.`,
      );
    const value = this.#backend.data.value(dataId);
    if (value.failure !== undefined) throw value.failure;
    const { recording } = this.#backend;
    const view = recording.view(value, shape);
    if (view === value) return value;
    view.owners++;
    this.#views.push(view);
    recording.flush();
    if (view.failure !== undefined) throw view.failure;
    return view;
  }

  #result(index: number): RecordedValue {
    const value = this.#results[index];
    if (value === undefined) throw new Error(`a plan has no result ${index}`);
    return value;
  }
}
