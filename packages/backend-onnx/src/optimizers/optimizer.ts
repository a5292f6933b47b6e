import type { SlotAddresses } from "./optimizer-slot.ts";

/** A kernel that updates lists of parameters in place. */
export interface Optimizer {
  readonly kernelName: string;
  /** Names of the input lists that its update changes beside `parameters`. */
  readonly states: readonly string[];
  /** Reads the numbers of one update and gives what it does to each slot. */
  update(numbers: Numbers): SlotUpdate;
}

/** The numbers of a call. Each function throws when its number is missing or impossible. */
export interface Numbers {
  /** Whether the call has a guard that is not finite. */
  readonly changesNothing: boolean;
  finite(name: string): number;
  /** Counts from 1. */
  count(name: string): number;
  /** False where it is not given. */
  flag(name: string): boolean;
}

/** Runs over the memory of one slot. */
type SlotUpdate = (slot: SlotAddresses, weightDecay: number) => void;
