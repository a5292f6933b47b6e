import type { SlotAddresses } from "./optimizer-slot.ts";

/** A kernel that updates lists of parameters in place. */
export interface Optimizer {
  readonly kernelName: string;
  /** Names of further input lists that the update changes. */
  readonly states: readonly string[];
  /** Present if each state is an int32 vector with several values per element; otherwise states are like the parameter. */
  readonly packed?: PackedStates;
  /** Reads the numbers of an update and returns the function that updates each slot. */
  update(numbers: Numbers): SlotUpdate;
}

/** States with fewer bits per value than float32. */
interface PackedStates {
  /** Returns the number of int32 elements in the state of a parameter with `size` values. */
  length(size: number): number;
  /** What the elements contain, for messages: "two of its values must be in each element". */
  readonly content: string;
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
