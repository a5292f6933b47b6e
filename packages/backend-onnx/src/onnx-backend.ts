import * as tf from "@tensorflow/tfjs-core";
import type { BackendTimingInfo, BackendValues, DataType, TensorInfo } from "@tensorflow/tfjs-core";
import type { AdamWHost } from "./adamw/apply-adamw.ts";
import { slotPool, type SlotPool } from "./adamw/slot-pool.ts";
import { dataTable, type DataTable } from "./data-table.ts";
import type { Attributes, Operation } from "./graph.ts";
import type { Operand, Recorder, ResultType } from "./kernel.ts";
import { elementType } from "./onnx-type.ts";
import type { Device } from "./devices/device.ts";
import { recording, type ProgramRunner, type Recording } from "./recording.ts";
import { RecordedValue } from "./recorded-value.ts";
import {
  sessionRunner,
  type OnnxStatistics,
  type SessionMaker,
  type SessionRunner,
  type SessionRunnerOptions,
} from "./session-runner.ts";
import type { Elements } from "./storage.ts";

export interface OnnxBackendOptions extends SessionRunnerOptions {
  readonly pendingNodes: number;
  readonly pendingBytes: number;
}

/** Runs programs in place of the sessions that are kept. */
interface Explainer {
  readonly run: ProgramRunner;
  around(operation: string, work: () => void): void;
}

/** Records kernels, and computes when something is read. No tensor shares memory with an array outside. */
export class OnnxBackend extends tf.KernelBackend implements Recorder, AdamWHost {
  readonly device: Device;
  readonly recording: Recording;
  readonly data: DataTable;
  readonly slots: SlotPool;
  /** While it is set, programs are run and measured there. */
  explainer: Explainer | undefined = undefined;
  readonly #runner: SessionRunner;

  constructor(device: Device, options: OnnxBackendOptions) {
    super();
    this.device = device;
    this.#runner = sessionRunner(device, options);
    this.recording = recording({
      ...options,
      run: (program, destinations) => (this.explainer ?? this.#runner).run(program, destinations),
    });
    this.data = dataTable(this, this.recording);
    this.slots = slotPool(device.runtime);
  }

  get statistics(): OnnxStatistics {
    return this.#runner.statistics;
  }

  /** How programs are compiled. */
  get sessions(): SessionMaker {
    return this.#runner;
  }

  /** Does work that is no recorded operation, and lets an explanation know of it. */
  doOutside(operation: string, work: () => void): void {
    if (this.explainer === undefined) work();
    else this.explainer.around(operation, work);
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
    return this.recording
      .record(operation, operands, results, attributes)
      .map((value) => this.#tensor(value, value.shape));
  }

  value(tensor: TensorInfo): RecordedValue {
    return this.recording.view(this.data.value(tensor.dataId), tensor.shape);
  }

  alias(source: Operand, shape: readonly number[]): TensorInfo {
    const value = "dataId" in source ? this.data.value(source.dataId) : this.#operand(source);
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
    this.recording.flushIfFull();
  }

  // tf.KernelBackend

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
    const value = this.data.value(dataId);
    if (value.producer !== undefined) this.recording.flush();
    if (value.failure !== undefined) throw value.failure;
    if (value.storage === undefined) throw new Error("a flush left a held value without data");
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

  /** Times what `work` records: everything pending before it is computed first and not counted. */
  override async time(work: () => void): Promise<BackendTimingInfo> {
    this.recording.flush();
    const before = this.statistics.runMilliseconds;
    work();
    this.recording.flush();
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
