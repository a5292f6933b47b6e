import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "./backend-error.ts";
import type { Recording } from "./recording.ts";
import type { RecordedValue } from "./recorded-value.ts";

interface Entry {
  value: RecordedValue;
  /** How many tensors share the data id. */
  refCount: number;
}

/**
 * Which value stands behind each data id of tfjs. Several ids may hold the same value (clones and reshapes);
 * only what tfjs-core itself shares (a variable and the tensor it was made from or assigned) shares an id.
 */
export class DataTable {
  readonly #entries: tf.DataStorage<Entry>;
  readonly #recording: Recording;

  constructor(backend: tf.KernelBackend, recording: Recording) {
    this.#entries = new tf.DataStorage(backend, tf.engine());
    this.#recording = recording;
  }

  get size(): number {
    return this.#entries.numDataIds();
  }

  /** Throws {@link BackendError} "disposed" for an id that nobody owns any more. */
  value(dataId: object): RecordedValue {
    return this.#entry(dataId).value;
  }

  /** A new data id, or the given one, that holds `value`. */
  add(value: RecordedValue, dataId: object = {}, refCount = 1): object {
    value.owners++;
    this.#entries.set(dataId, { value, refCount });
    return dataId;
  }

  /** Lets a data id hold another value from now on. */
  replace(dataId: object, value: RecordedValue): void {
    const entry = this.#entry(dataId);
    value.owners++;
    this.#recording.drop(entry.value);
    entry.value = value;
  }

  incRef(dataId: object): void {
    this.#entry(dataId).refCount++;
  }

  refCount(dataId: object): number {
    return this.#entries.has(dataId) ? this.#entries.get(dataId).refCount : 0;
  }

  /** One tensor less, or with `force` none, shares the id; gives whether the id is gone. */
  dispose(dataId: object, force: boolean): boolean {
    if (!this.#entries.has(dataId)) return true;
    const entry = this.#entries.get(dataId);
    entry.refCount--;
    if (entry.refCount > 0 && !force) return false;
    this.#entries.delete(dataId);
    this.#recording.drop(entry.value);
    return true;
  }

  #entry(dataId: object): Entry {
    if (!this.#entries.has(dataId) && !tf.engine().state.tensorInfo.has(dataId)) {
      throw new BackendError(
        "disposed",
        "a tensor was used after it was disposed. Keep it with tf.keep, or return it from the tf.tidy that made it.",
      );
    }
    // An id of another backend is moved here by this call.
    return this.#entries.get(dataId);
  }
}
