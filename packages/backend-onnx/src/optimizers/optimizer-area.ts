import type { Storage } from "../graph/graph.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import { allocateStorage, wrapStorage } from "../memory/storage.ts";

/** Memory for one tensor. At most one value occupies it. */
export interface Area {
  readonly occupant: RecordedValue | undefined;
  readonly elements: Float32Array | Int32Array;
  /** Reserves this area for a value. The caller sets the result as the value's storage, or releases it. */
  reserve(value: RecordedValue): Storage;
  /** Moves the occupant, if there is one, to new memory outside the area. */
  evacuate(): void;
}

/** Creates an area. `changed` is called when the occupant changes. */
export function optimizerArea(runtime: OrtRuntime, elements: Area["elements"], changed: () => void): Area {
  let occupant: RecordedValue | undefined;
  const dtype = elements instanceof Int32Array ? "int32" : "float32";
  return {
    elements,
    get occupant() {
      return occupant;
    },
    reserve(value) {
      occupant = value;
      changed();
      return wrapStorage(runtime, elements, value.shape, dtype, () => {
        occupant = undefined;
        changed();
      });
    },
    evacuate() {
      if (occupant === undefined) return;
      const value = occupant;
      const storage = allocateStorage(runtime, value.shape, dtype);
      storage.view().set(elements);
      value.storage?.release();
      value.storage = storage;
    },
  };
}
