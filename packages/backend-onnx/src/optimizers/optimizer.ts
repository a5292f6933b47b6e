import type { SlotAddresses } from "./optimizer-slot.ts";

/** A kernel that updates lists of parameters in place. */
export interface Optimizer {
  readonly kernelName: string;
  /** Names of the input lists that the update changes in addition to `parameters`. */
  readonly states: readonly string[];
  /** Type of the states' elements. Each element of an int32 vector has two bfloat16 values, the first in its lower half. */
  readonly stateType: "float32" | "bfloat16";
  /** Reads the numbers of one update and returns the function that updates each slot. */
  update(numbers: Numbers): SlotUpdate;
}

/** The numbers of a call. Each function throws if its number is missing or invalid. */
export interface Numbers {
  /** Whether the call has a guard, and it is not finite. */
  readonly changesNothing: boolean;
  finite(name: string): number;
  /** Returns a whole number, 1 or more. */
  count(name: string): number;
  /** Returns a boolean; false if missing. */
  flag(name: string): boolean;
}

/** Updates the memory of one slot. */
type SlotUpdate = (slot: SlotAddresses, weightDecay: number) => void;
