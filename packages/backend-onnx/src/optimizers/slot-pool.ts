import type { OrtRuntime } from "../ort/ort-runtime.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import { sizeOf } from "../memory/storage.ts";
import { allocateSlots, type OptimizerSlot } from "./optimizer-slot.ts";

/** Keeps the slots that values lie in. */
export interface SlotPool {
  /** Bytes of all slots that a parameter or a state lies in. */
  readonly bytes: number;
  /**
   * For each parameter with its states (all of one shape) the slot that one of them lies in, else a new one;
   * no slot twice. Slots belong to whoever asks as long as a value lies in them.
   */
  assign(groups: readonly (readonly RecordedValue[])[]): readonly OptimizerSlot[];
}

export function slotPool(runtime: OrtRuntime): SlotPool {
  // A slot that everybody left is forgotten, and its memory goes with the last slot in it.
  const inhabited = new Set<OptimizerSlot>();
  const moved = (slot: OptimizerSlot): void => {
    if (slot.changed.some(({ occupant }) => occupant !== undefined)) inhabited.add(slot);
    else inhabited.delete(slot);
  };
  return {
    get bytes() {
      let bytes = 0;
      for (const { byteLength } of inhabited) bytes += byteLength;
      return bytes;
    },
    assign(groups) {
      const homes = homesOf(inhabited);
      const claimed = new Set<OptimizerSlot>();
      const found = groups.map((group) => {
        const home = group.map((value) => homes.get(value)).find((slot) => slot !== undefined);
        if (home === undefined || home.changed.length !== group.length || claimed.has(home)) return undefined;
        claimed.add(home);
        return home;
      });
      const sizes = groups.flatMap(([parameter, ...states], index) =>
        found[index] === undefined && parameter !== undefined
          ? [{ length: sizeOf(parameter.shape), changed: 1 + states.length }]
          : [],
      );
      const fresh = allocateSlots(runtime, sizes, moved).values();
      return found.flatMap((slot) => slot ?? fresh.next().value ?? []);
    },
  };
}

function homesOf(slots: Iterable<OptimizerSlot>): ReadonlyMap<RecordedValue, OptimizerSlot> {
  const homes = new Map<RecordedValue, OptimizerSlot>();
  for (const slot of slots) {
    for (const { occupant } of slot.changed) if (occupant !== undefined) homes.set(occupant, slot);
  }
  return homes;
}
