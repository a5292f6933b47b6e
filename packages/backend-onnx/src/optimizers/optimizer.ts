import type { SlotAddresses } from "./optimizer-slot.ts";

/** A kernel that updates lists of parameters in place. */
export interface Optimizer {
  readonly kernelName: string;
  /** Names of further input lists that the update changes. */
  readonly states: readonly string[];
  /** Type of the states' elements. An int32 element holds two bfloat16 values, the first in its lower half. */
  readonly stateType: "float32" | "bfloat16";
  /** Reads the numbers of an update and returns the function that updates each slot. */
  update(numbers: Numbers): SlotUpdate;
}

/** The numbers of a call. Each method throws if its number is missing or invalid. */
export interface Numbers {
  /** Whether the call has a guard that is not finite. */
  readonly changesNothing: boolean;
  finite(name: string): number;
  /** Returns a whole number of at least 1. */
  count(name: string): number;
  /** Returns a boolean; false if it is missing. */
  flag(name: string): boolean;
}

/** Updates the memory of one slot. */
type SlotUpdate = (slot: SlotAddresses, weightDecay: number) => void;
