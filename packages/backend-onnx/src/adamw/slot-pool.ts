import type { OrtRuntime } from "../ort-runtime.ts";
import type { RecordedValue } from "../recorded-value.ts";
import { sizeOf } from "../storage.ts";
import { allocateSlots, type AdamWSlot } from "./adamw-slot.ts";

/** The values that one parameter's update changes; all of one shape. */
interface AdamWState {
  readonly parameter: RecordedValue;
  readonly firstMoment: RecordedValue;
  readonly secondMoment: RecordedValue;
}

/** Keeps the slots that values lie in. */
export interface SlotPool {
  /** For each state the slot that it lies in, else a free one, else a new one; no slot twice. */
  assign(states: readonly AdamWState[]): AdamWSlot[];
}

export function slotPool(runtime: OrtRuntime): SlotPool {
  let slots: readonly AdamWSlot[] = [];
  return {
    assign(states) {
      const homes = homesOf(slots);
      const claimed = new Set<AdamWSlot>();
      const claim = (slot: AdamWSlot | undefined): AdamWSlot | undefined => {
        if (slot === undefined || claimed.has(slot)) return undefined;
        claimed.add(slot);
        return slot;
      };
      // Whoever lies in a slot keeps it; only then the others choose among what is free.
      const resident = states.map(({ parameter, firstMoment, secondMoment }) =>
        claim(homes.get(parameter) ?? homes.get(firstMoment) ?? homes.get(secondMoment)),
      );
      const found = states.map(({ parameter }, index) => {
        const length = sizeOf(parameter.shape);
        return (
          resident[index] ?? claim(slots.find((slot) => slot.length === length && isFree(slot) && !claimed.has(slot)))
        );
      });
      const fresh = allocateSlots(
        runtime,
        states.filter((_, index) => found[index] === undefined).map(({ parameter }) => sizeOf(parameter.shape)),
      );
      // Free slots that nobody chose are let go, and their memory with the last of its slots.
      slots = [...slots.filter((slot) => claimed.has(slot) || !isFree(slot)), ...fresh];
      let next = 0;
      return found.flatMap((slot) => slot ?? fresh[next++] ?? []);
    },
  };
}

function homesOf(slots: readonly AdamWSlot[]): ReadonlyMap<RecordedValue, AdamWSlot> {
  const homes = new Map<RecordedValue, AdamWSlot>();
  for (const slot of slots) {
    for (const { occupant } of [slot.parameter, slot.firstMoment, slot.secondMoment]) {
      if (occupant !== undefined) homes.set(occupant, slot);
    }
  }
  return homes;
}

function isFree({ parameter, firstMoment, secondMoment }: AdamWSlot): boolean {
  return parameter.occupant === undefined && firstMoment.occupant === undefined && secondMoment.occupant === undefined;
}
