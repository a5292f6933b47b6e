import type { OrtRuntime } from "../ort/ort-runtime.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import { sizeOf } from "../memory/storage.ts";
import { allocateSlots, type AreaSize, type OptimizerSlot, type SlotSize } from "./optimizer-slot.ts";

/** Records which slots are occupied by values. */
export interface SlotPool {
  /** Bytes of all slots with a parameter or a state. */
  readonly bytes: number;
  /**
   * Returns a different slot for each parameter and its states: the slot that one of them occupies, or a new one. A
   * slot stays in use as long as a value occupies it.
   */
  assign(groups: readonly (readonly RecordedValue[])[]): readonly OptimizerSlot[];
}

export function slotPool(runtime: OrtRuntime): SlotPool {
  // A slot without occupants is dropped, and a memory is freed with its last slot.
  const used = new Set<OptimizerSlot>();
  const moved = (slot: OptimizerSlot): void => {
    if (slot.changed.some(({ occupant }) => occupant !== undefined)) used.add(slot);
    else used.delete(slot);
  };
  return {
    get bytes() {
      let bytes = 0;
      for (const { byteLength } of used) bytes += byteLength;
      return bytes;
    },
    assign(groups) {
      const byValue = slotsByValue(used);
      const claimed = new Set<OptimizerSlot>();
      const found = groups.map((group) => {
        const slot = group.map((value) => byValue.get(value)).find((candidate) => candidate !== undefined);
        if (slot === undefined || !fits(slot, group) || claimed.has(slot)) return undefined;
        claimed.add(slot);
        return slot;
      });
      const sizes = groups.flatMap(([parameter, ...states], index) =>
        found[index] === undefined && parameter !== undefined
          ? [[areaSize(parameter), ...states.map(areaSize)] satisfies SlotSize]
          : [],
      );
      const fresh = allocateSlots(runtime, sizes, moved).values();
      return found.flatMap((slot) => slot ?? fresh.next().value ?? []);
    },
  };
}

/** Whether the slot's areas have the sizes and types of these values. */
function fits({ changed }: OptimizerSlot, group: readonly RecordedValue[]): boolean {
  return (
    changed.length === group.length &&
    group.every((value, index) => {
      const { elements } = changed[index] ?? {};
      const { length, dtype } = areaSize(value);
      return elements?.length === length && elements instanceof Int32Array === (dtype === "int32");
    })
  );
}

function areaSize({ shape, dtype }: RecordedValue): AreaSize {
  return { length: sizeOf(shape), dtype: dtype === "int32" ? dtype : "float32" };
}

function slotsByValue(slots: Iterable<OptimizerSlot>): ReadonlyMap<RecordedValue, OptimizerSlot> {
  const byValue = new Map<RecordedValue, OptimizerSlot>();
  for (const slot of slots) {
    for (const { occupant } of slot.changed) if (occupant !== undefined) byValue.set(occupant, slot);
  }
  return byValue;
}
