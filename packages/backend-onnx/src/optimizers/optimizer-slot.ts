import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { optimizerArea, type Area } from "./optimizer-area.ts";
import {
  allocateOptimizerMemory,
  LARGEST_MEMORY,
  type OptimizerMemory,
  type OptimizerPasses,
} from "./optimizer-passes.ts";

/** The areas of one parameter, contiguous in WebAssembly memory that ONNX Runtime reads and writes in place. */
export interface OptimizerSlot {
  /** Bytes of all areas together. */
  readonly byteLength: number;
  readonly gradient: Area;
  /** The areas that an update changes: the parameter, then its states in the optimizer's order. */
  readonly changed: readonly Area[];
  readonly addresses: SlotAddresses;
}

/** Byte offsets of the areas of a slot, for the functions in `optimizers.wat`. */
export interface SlotAddresses {
  readonly passes: OptimizerPasses;
  readonly parameter: number;
  readonly gradient: number;
  readonly states: readonly number[];
  /** Padded length of each area, in bytes. */
  readonly bytes: number;
}

export interface SlotSize {
  /** Number of elements of each tensor. */
  readonly length: number;
  /** How many tensors the update changes: the parameter and its states. */
  readonly changed: number;
}

/** Areas start at multiples of a cache line, which is also a multiple of a SIMD vector. */
const ALIGNMENT = 64;
/** Slots are spread over several memories beyond this size. */
const PREFERRED_MEMORY = 2 ** 31;

/**
 * Allocates slots in as few fixed-size memories as possible. `moved` is called with a slot whenever the occupant of one of
 * its areas changes.
 */
export function allocateSlots(
  runtime: OrtRuntime,
  sizes: readonly SlotSize[],
  moved: (slot: OptimizerSlot) => void,
): OptimizerSlot[] {
  const slots: OptimizerSlot[] = [];
  for (let first = 0; first < sizes.length;) {
    let bytes = 0;
    let end = first;
    for (let next = sizes[end]; next !== undefined; next = sizes[end]) {
      if (end > first && bytes + slotBytes(next) > PREFERRED_MEMORY) break;
      bytes += slotBytes(next);
      end++;
    }
    const memory = allocateOptimizerMemory(bytes);
    let start = 0;
    for (const size of sizes.slice(first, end)) {
      slots.push(slotAt(runtime, memory, start, size, moved));
      start += slotBytes(size);
    }
    first = end;
  }
  return slots;
}

/** Whether a slot of this size fits into one memory. */
export function fitsSlot(size: SlotSize): boolean {
  return slotBytes(size) <= LARGEST_MEMORY;
}

function slotAt(
  runtime: OrtRuntime,
  { buffer, passes }: OptimizerMemory,
  start: number,
  size: SlotSize,
  moved: (slot: OptimizerSlot) => void,
): OptimizerSlot {
  const bytes = areaBytes(size);
  const elements = (offset: number): Float32Array => new Float32Array(buffer, offset, size.length);
  const [parameter = start, ...states] = Array.from({ length: size.changed }, (_, index) => start + index * bytes);
  const gradient = start + size.changed * bytes;
  const slot: OptimizerSlot = {
    byteLength: slotBytes(size),
    gradient: optimizerArea(runtime, elements(gradient), () => {}),
    changed: [parameter, ...states].map((offset) => optimizerArea(runtime, elements(offset), () => moved(slot))),
    addresses: { passes, parameter, gradient, states, bytes },
  };
  return slot;
}

function areaBytes({ length }: SlotSize): number {
  return Math.ceil((length * Float32Array.BYTES_PER_ELEMENT) / ALIGNMENT) * ALIGNMENT;
}

function slotBytes(size: SlotSize): number {
  return (size.changed + 1) * areaBytes(size);
}
