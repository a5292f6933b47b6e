import * as tf from "@tensorflow/tfjs-core";
import type { BackendTimingInfo, BackendValues, DataType, TensorInfo } from "@tensorflow/tfjs-core";
import { directExecution, type Execution } from "./execution.ts";
import { dataTable, type DataTable } from "./recording/data-table.ts";
import type { Attributes, ElementType, Operation, Storage } from "./graph/graph.ts";
import type { Operand, Recorder, ResultType } from "./kernel.ts";
import type { OnnxStatistics } from "./onnx-statistics.ts";
import { elementType, type StoredType } from "./graph/onnx-type.ts";
import type { OptimizerHost } from "./optimizers/apply-optimizer.ts";
import { slotPool, type SlotPool } from "./optimizers/slot-pool.ts";
import type { OrtRuntime } from "./ort/ort-runtime.ts";
import type { Device } from "./devices/device.ts";
import { assertShape } from "./graph/shape-check.ts";
import { assertSameSize, recording, type Recording } from "./recording/recording.ts";
import type { Program } from "./recording/program.ts";
import { RecordedValue } from "./recording/recorded-value.ts";
import {
  sessionRunner,
  type OwnedProgram,
  type SessionMaker,
  type SessionRunner,
  type SessionRunnerOptions,
} from "./sessions/session-runner.ts";
import type { Elements } from "./memory/storage.ts";

/** Limits on sessions and on recording. */
export interface OnnxBackendSettings extends SessionRunnerOptions {
  readonly pendingNodes: number;
  readonly pendingBytes: number;
}

interface WritableTensorsAttributes {
  readonly shapes: readonly (readonly number[])[];
  /** Called with the memory of each output, in order. */
  readonly receiveMemory: (values: Float32Array, prepare: () => void) => void;
}

/** Records kernels, and computes when a tensor is read. No tensor shares memory with a JavaScript array. */
export class OnnxBackend extends tf.KernelBackend implements Recorder, OptimizerHost {
  readonly device: Device;
  readonly recording: Recording;
  readonly data: DataTable;
  readonly slots: SlotPool;
  readonly #runner: SessionRunner;
  #execution: Execution;

  constructor(device: Device, options: OnnxBackendSettings) {
    super();
    this.device = device;
    this.#runner = sessionRunner(device, options);
    this.#execution = directExecution((program, destinations) => this.#runner.run(program, destinations));
    this.recording = recording({
      ...options,
      run: (program, destinations) => this.#execution.run(program, destinations),
    });
    this.data = dataTable(this, this.recording);
    this.slots = slotPool(device.runtime);
  }

  get runtime(): OrtRuntime {
    return this.device.runtime;
  }

  get statistics(): OnnxStatistics {
    const { leaves, results, mapped } = this.runtime.tensorBytes;
    return {
      ...this.#runner.statistics,
      leafBytes: leaves,
      resultBytes: results,
      mappedBytes: mapped,
      slotBytes: this.slots.bytes,
    };
  }

  /** See {@link SessionRunner.own}. */
  own(program: Program): OwnedProgram {
    return this.#runner.own(program);
  }

  /** Compiles programs into sessions. */
  get sessions(): SessionMaker {
    return this.#runner;
  }

  /** How the backend executes work at present. */
  get execution(): Execution {
    return this.#execution;
  }

  /** Changes how the backend executes work until the returned function is called. */
  enter(execution: Execution): () => void {
    const before = this.#execution;
    this.#execution = execution;
    return () => {
      this.#execution = before;
    };
  }

  // The methods of Recorder.

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
    return this.recording
      .record(operation, operands, results, attributes)
      .map((value) => this.#tensor(value, value.shape));
  }

  value(tensor: TensorInfo): RecordedValue {
    return this.recording.view(this.data.value(tensor.dataId), tensor.shape);
  }

  isFixed({ dataId }: TensorInfo): boolean {
    return this.#execution.isFixed(this.data.value(dataId));
  }

  alias(source: Operand, shape: readonly number[]): TensorInfo {
    const value = "dataId" in source ? this.data.value(source.dataId) : this.#operand(source);
    assertShape("Reshape", shape);
    assertSameSize(value.shape, shape);
    return this.#tensor(value, shape);
  }

  constant(values: Elements, { shape, dtype }: ResultType): TensorInfo {
    return this.#tensor(this.#leaf(values, shape, dtype), shape);
  }

  /** Returns a new data id that owns `storage`. */
  adoptLeaf(storage: Storage, shape: readonly number[], dtype: ElementType, storedType?: StoredType): object {
    const value = new RecordedValue([...shape], dtype, 0, storedType);
    value.storage = storage;
    return this.data.add(value);
  }

  /** Creates float32 tensors that the caller writes in place; none if JavaScript cannot access the device's memory. */
  writableTensors({ shapes, receiveMemory }: WritableTensorsAttributes): TensorInfo[] {
    const writable = this.device.allocateWritable?.(shapes) ?? [];
    return writable.map(({ storage, prepare }, index) => {
      const shape = shapes[index] ?? [];
      receiveMemory(storage.view() as Float32Array, prepare);
      return { dataId: this.adoptLeaf(storage, shape, "float32"), shape: [...shape], dtype: "float32" };
    });
  }

  disposeIntermediate(tensor: TensorInfo): void {
    this.disposeData(tensor.dataId);
  }

  /**
   * Computes the recorded operations if too many are pending. Must be called before a kernel runs, when every value
   * that is still needed belongs to a tensor.
   */
  flushIfFull(): void {
    this.recording.flushIfFull();
  }

  // The methods of tf.KernelBackend.

  override write(values: BackendValues, shape: number[], dtype: DataType): object {
    return this.data.add(this.#leaf(values, shape, dtype));
  }

  override move(dataId: object, values: BackendValues, shape: number[], dtype: DataType, refCount: number): void {
    this.data.adopt(dataId, this.#leaf(values, shape, dtype), refCount);
  }

  override async read(dataId: object): Promise<Elements> {
    return this.readSync(dataId);
  }

  override readSync(dataId: object): Elements {
    this.#execution.beforeRead();
    const value = this.data.value(dataId);
    if (value.producer !== undefined) this.recording.flush();
    if (value.failure !== undefined) throw value.failure;
    if (value.storage === undefined) throw new Error("a flush did not compute a value that a tensor owns");
    return this.device.read(value.storage, value.shape, value.dtype);
  }

  override incRef(dataId: object): void {
    this.data.incRef(dataId);
  }

  override refCount(dataId: object): number {
    return this.data.refCount(dataId);
  }

  override disposeData(dataId: object, force = false): boolean {
    return this.data.dispose(dataId, force);
  }

  override numDataIds(): number {
    return this.data.size;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  /** Measures the operations of `work`. Pending operations are computed first and not counted. */
  override async time(work: () => void): Promise<BackendTimingInfo> {
    this.recording.flush();
    const before = this.#runner.statistics.runMilliseconds;
    work();
    this.recording.flush();
    return { kernelMs: this.#runner.statistics.runMilliseconds - before };
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
    throw new Error("an operand must be a tensor or a value of this backend");
  }

  #tensor(value: RecordedValue, shape: readonly number[]): TensorInfo {
    return { dataId: this.data.add(value), shape: [...shape], dtype: value.dtype };
  }

  #leaf(values: BackendValues, shape: readonly number[], dtype: DataType): RecordedValue {
    const type = elementType({ dtype });
    const value = new RecordedValue([...shape], type);
    value.storage = this.device.write(values as ArrayLike<number>, shape, type);
    return value;
  }
}
