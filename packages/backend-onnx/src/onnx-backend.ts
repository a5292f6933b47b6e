import * as tf from "@tensorflow/tfjs-core";
import type { BackendTimingInfo, BackendValues, DataType, TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "./backend-error.ts";
import type { Attributes, ElementType, Operation } from "./graph.ts";
import type { Operand, Recorder, ResultType } from "./kernel.ts";
import type { OrtRuntime } from "./ort-runtime.ts";
import { recording, type Recording } from "./recording.ts";
import { RecordedValue } from "./recorded-value.ts";
import { sessionRunner, type OnnxStatistics, type SessionRunner, type SessionRunnerOptions } from "./session-runner.ts";
import { allocateStorage, type Elements } from "./storage.ts";

export interface OnnxBackendOptions extends SessionRunnerOptions {
  readonly pendingNodes: number;
  readonly pendingBytes: number;
}

/** One data id: the value behind it and how many tensors share the id. */
interface DataEntry {
  value: RecordedValue;
  refCount: number;
}

/** Records kernels, and computes when something is read. No tensor shares memory with an array outside. */
export class OnnxBackend extends tf.KernelBackend implements Recorder {
  readonly runtime: OrtRuntime;
  readonly #entries: tf.DataStorage<DataEntry>;
  readonly #recording: Recording;
  readonly #runner: SessionRunner;

  constructor(runtime: OrtRuntime, options: OnnxBackendOptions) {
    super();
    this.runtime = runtime;
    this.#entries = new tf.DataStorage(this, tf.engine());
    this.#runner = sessionRunner(runtime, options);
    this.#recording = recording({ ...options, run: this.#runner.run });
  }

  get statistics(): OnnxStatistics {
    return this.#runner.statistics;
  }

  // Recorder

  record(operation: Operation, inputs: readonly Operand[], result: ResultType, attributes?: Attributes): TensorInfo {
    const [tensor] = this.recordAll(operation, inputs, [result], attributes);
    if (tensor === undefined) throw new Error(`${operation.name} has one result`);
    return tensor;
  }

  recordAll(
    operation: Operation,
    inputs: readonly Operand[],
    results: readonly ResultType[],
    attributes: Attributes = {},
  ): TensorInfo[] {
    const operands = inputs.map((input) => this.#operand(input));
    return this.#recording.record(operation, operands, results, attributes).map((value) => this.#tensor(value, value.shape));
  }

  value(tensor: TensorInfo): RecordedValue {
    return this.#recording.view(this.#entry(tensor.dataId).value, tensor.shape);
  }

  alias(source: Operand, shape: readonly number[]): TensorInfo {
    const value = "dataId" in source ? this.#entry(source.dataId).value : this.#operand(source);
    return this.#tensor(value, shape);
  }

  constant(values: Elements, { shape, dtype }: ResultType): TensorInfo {
    return this.#tensor(this.#leaf(values, shape, dtype), shape);
  }

  disposeIntermediate(tensor: TensorInfo): void {
    this.disposeData(tensor.dataId);
  }

  /** To be called before a kernel runs, when every value that is still needed is held by a tensor. */
  flushIfFull(): void {
    this.#recording.flushIfFull();
  }

  // tf.KernelBackend

  override write(values: BackendValues, shape: number[], dtype: DataType): object {
    return this.#tensor(this.#leaf(values, shape, dtype), shape).dataId;
  }

  override move(dataId: object, values: BackendValues, shape: number[], dtype: DataType, refCount: number): void {
    const value = this.#leaf(values, shape, dtype);
    this.#recording.hold(value);
    this.#entries.set(dataId, { value, refCount });
  }

  override async read(dataId: object): Promise<Elements> {
    return this.readSync(dataId);
  }

  override readSync(dataId: object): Elements {
    const { value } = this.#entry(dataId);
    if (value.producer !== undefined) this.#recording.flush();
    if (value.failure !== undefined) throw value.failure;
    if (value.storage === undefined) throw new Error("a flush left a held value without data");
    return value.storage.view().slice();
  }

  override incRef(dataId: object): void {
    this.#entry(dataId).refCount++;
  }

  override refCount(dataId: object): number {
    return this.#entries.has(dataId) ? this.#entries.get(dataId).refCount : 0;
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.#entries.has(dataId)) return true;
    const entry = this.#entries.get(dataId);
    entry.refCount--;
    if (entry.refCount > 0 && !force) return false;
    this.#entries.delete(dataId);
    this.#recording.drop(entry.value);
    return true;
  }

  override numDataIds(): number {
    return this.#entries.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  /** Times what `work` records: everything pending before it is computed first and not counted. */
  override async time(work: () => void): Promise<BackendTimingInfo> {
    this.#recording.flush();
    const before = this.statistics.runMilliseconds;
    work();
    this.#recording.flush();
    return { kernelMs: this.statistics.runMilliseconds - before };
  }

  override timerAvailable(): boolean {
    return true;
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    this.#runner.dispose();
  }

  #operand(operand: Operand): RecordedValue {
    if (operand instanceof RecordedValue) return operand;
    if ("dataId" in operand) return this.value(operand);
    throw new Error("an operand is a tensor or a value of this backend");
  }

  #entry(dataId: object): DataEntry {
    if (this.#entries.has(dataId)) return this.#entries.get(dataId);
    if (!tf.engine().state.tensorInfo.has(dataId)) {
      throw new BackendError("disposed", "a tensor was used after it was disposed. Keep it with tf.keep, or return it from the tf.tidy that made it.");
    }
    // Belongs to another backend: tfjs moves it here.
    return this.#entries.get(dataId);
  }

  #tensor(value: RecordedValue, shape: readonly number[]): TensorInfo {
    const dataId = {};
    this.#recording.hold(value);
    this.#entries.set(dataId, { value, refCount: 1 });
    return { dataId, shape: [...shape], dtype: value.dtype };
  }

  #leaf(values: BackendValues, shape: readonly number[], dtype: DataType): RecordedValue {
    const type = elementType(dtype);
    const value = new RecordedValue([...shape], type);
    value.storage = allocateStorage(this.runtime, shape, type);
    // Copied: the caller may change the array before anything is computed.
    value.storage.view().set(values as ArrayLike<number>);
    return value;
  }
}

function elementType(dtype: DataType): ElementType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new BackendError("unsupported", `dtype ${dtype} is not computed here, only float32, int32 and bool. Use tf.setBackend("cpu") for this part.`);
}
