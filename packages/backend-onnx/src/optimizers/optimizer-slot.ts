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
  /** Bytes of all areas. */
  readonly byteLength: number;
  readonly gradient: Area;
  /** The areas that an update changes: the parameter, then its states in the optimizer's order. */
  readonly changed: readonly Area[];
  readonly addresses: SlotAddresses;
}

/** Byte offsets of a slot's areas, for the functions in `optimizers.wat`. */
export interface SlotAddresses {
  readonly passes: OptimizerPasses;
  readonly parameter: number;
  readonly gradient: number;
  readonly states: readonly number[];
  /** Padded length of the parameter, and of the gradient, in bytes. */
  readonly bytes: number;
}

/** The sizes of the tensors that an update changes. */
export type SlotSize = readonly [parameter: AreaSize, ...states: AreaSize[]];

export interface AreaSize {
  /** Number of elements of 4 bytes. */
  readonly length: number;
  readonly dtype: "float32" | "int32";
}

/** Areas start at multiples of a cache line, which is also a multiple of a SIMD vector. */
const ALIGNMENT = 64;
/** Beyond this size, slots use several memories. */
const PREFERRED_MEMORY = 2 ** 31;

/**
 * Allocates slots in as few fixed-size memories as possible. `moved` is called with a slot when the occupant of one of
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
  const [parameter] = size;
  let next = start;
  const places = [...size, parameter].map(({ length, dtype }) => {
    const offset = next;
    next += areaBytes({ length, dtype });
    const elements =
      dtype === "int32" ? new Int32Array(buffer, offset, length) : new Float32Array(buffer, offset, length);
    return { offset, elements };
  });
  const [first, ...others] = places;
  const gradient = others.at(-1);
  if (!first || !gradient) throw new Error("a slot has a parameter and a gradient");
  const slot: OptimizerSlot = {
    byteLength: slotBytes(size),
    gradient: optimizerArea(runtime, gradient.elements, () => {}),
    changed: places.slice(0, -1).map(({ elements }) => optimizerArea(runtime, elements, () => moved(slot))),
    addresses: {
      passes,
      parameter: first.offset,
      gradient: gradient.offset,
      states: others.slice(0, -1).map(({ offset }) => offset),
      bytes: areaBytes(parameter),
    },
  };
  return slot;
}

function areaBytes({ length }: AreaSize): number {
  return Math.ceil((length * Float32Array.BYTES_PER_ELEMENT) / ALIGNMENT) * ALIGNMENT;
}

/** Returns the total size in bytes of all areas, including the gradient's. */
function slotBytes(size: SlotSize): number {
  return [...size, size[0]].reduce((sum, area) => sum + areaBytes(area), 0);
}
