import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import type { Recording } from "./recording.ts";
import type { RecordedValue } from "./recorded-value.ts";

/**
 * The value of each tfjs data id. Several ids may share a value (clones and reshapes). Several tensors have the same id
 * only if tfjs-core shares it: a variable, and the tensor that it was made from or assigned.
 */
export interface DataTable {
  /** Number of values, not of ids, because tfjs's own leak checks must not count a clone as a leak. */
  readonly size: number;
  /**
   * Returns the value of a data id. Throws {@link BackendError} "disposed" if no id owns the value any more. (tfjs
   * gradients read disposed clones while the original still exists.)
   */
  value(dataId: object): RecordedValue;
  /** Returns a new data id for `value`. */
  add(value: RecordedValue): object;
  /** Adopts the data id of a different backend. `refCount` tensors share the id. */
  adopt(dataId: object, value: RecordedValue, refCount: number): void;
  /** Gives a data id a different value. */
  replace(dataId: object, value: RecordedValue): void;
  incRef(dataId: object): void;
  refCount(dataId: object): number;
  /** Lowers the reference count of the id by one, or to zero with `force`. Returns whether it is now zero. */
  dispose(dataId: object, force: boolean): boolean;
}

/** Creates a data table. `backend` is the backend to which tfjs moves data of other backends. */
export function dataTable(backend: tf.KernelBackend, recording: Recording): DataTable {
  return new Entries(backend, recording);
}

/**
 * A data id that is its own table entry. tfjs's `DataStorage` would use a WeakMap, whose garbage collection costs more
 * time than all recording.
 */
class Entry {
  value: RecordedValue;
  /** Number of tensors that share the data id; 0 once the data are disposed. */
  refCount: number;

  constructor(value: RecordedValue, refCount: number) {
    this.value = value;
    this.refCount = refCount;
  }
}

class Entries implements DataTable {
  readonly #backend: tf.KernelBackend;
  readonly #recording: Recording;
  /** Entries of ids from other backends. */
  readonly #adopted = new WeakMap<object, Entry>();
  #size = 0;

  constructor(backend: tf.KernelBackend, recording: Recording) {
    this.#backend = backend;
    this.#recording = recording;
  }

  get size(): number {
    return this.#size;
  }

  value(dataId: object): RecordedValue {
    if (dataId instanceof Entry && dataId.value.owners > 0) return dataId.value;
    return this.#required(dataId).value;
  }

  add(value: RecordedValue): object {
    return this.#enter(value, 1);
  }

  adopt(dataId: object, value: RecordedValue, refCount: number): void {
    if (dataId instanceof Entry) {
      // The id was created here, moved to a different backend, and is now moved back.
      dataId.value = value;
      dataId.refCount = refCount;
      this.#hold(value);
    } else {
      this.#adopted.set(dataId, this.#enter(value, refCount));
    }
  }

  replace(dataId: object, value: RecordedValue): void {
    const entry = this.#required(dataId);
    this.#hold(value);
    this.#drop(entry.value);
    entry.value = value;
  }

  incRef(dataId: object): void {
    this.#required(dataId).refCount++;
  }

  refCount(dataId: object): number {
    return this.#find(dataId)?.refCount ?? 0;
  }

  dispose(dataId: object, force: boolean): boolean {
    const entry = this.#find(dataId);
    if (entry === undefined) return true;
    entry.refCount = force ? 0 : entry.refCount - 1;
    if (entry.refCount > 0) return false;
    if (entry !== dataId) this.#adopted.delete(dataId);
    this.#drop(entry.value);
    return true;
  }

  #enter(value: RecordedValue, refCount: number): Entry {
    this.#hold(value);
    return new Entry(value, refCount);
  }

  #hold(value: RecordedValue): void {
    if (value.owners === 0) this.#size++;
    value.owners++;
  }

  #drop(value: RecordedValue): void {
    this.#recording.drop(value);
    if (value.owners === 0) this.#size--;
  }

  #find(dataId: object): Entry | undefined {
    const entry = dataId instanceof Entry ? dataId : this.#adopted.get(dataId);
    return entry === undefined || entry.refCount === 0 ? undefined : entry;
  }

  #required(dataId: object): Entry {
    const found = this.#find(dataId);
    if (found !== undefined) return found;
    const owner = tf.engine().state.tensorInfo.get(dataId)?.backend;
    if (owner !== undefined && owner !== this.#backend) tf.engine().moveData(this.#backend, dataId);
    const moved = this.#find(dataId);
    if (moved !== undefined) return moved;
    throw new BackendError(
      "disposed",
      "a tensor was used after it was disposed. Keep it with tf.keep, or return it from the tf.tidy that made it.",
    );
  }
}
