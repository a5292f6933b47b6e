import type { Storage } from "../graph.ts";
import type { OrtRuntime } from "../ort-runtime.ts";
import type { RecordedValue } from "../recorded-value.ts";
import { allocateStorage, wrapStorage } from "../storage.ts";
import { ADAMW_BYTES } from "./adamw-bytes.ts";

/** The numbers of one update; `rate` is the learning rate, `step` counts from 1. */
export interface AdamWNumbers {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly step: number;
}

/** What one parameter needs, side by side in WebAssembly memory that ONNX Runtime reads and writes in place. */
export interface AdamWSlot {
  /** Number of elements. */
  readonly length: number;
  readonly parameter: Area;
  readonly gradient: Area;
  readonly firstMoment: Area;
  readonly secondMoment: Area;
  update(numbers: AdamWNumbers, weightDecay: number): void;
}

/** Room for one tensor. At most one value lies in it. */
export interface Area {
  readonly occupant: RecordedValue | undefined;
  readonly elements: Float32Array;
  /** Makes this area the value's future memory: the caller sets it as storage, or releases it. */
  reserve(value: RecordedValue): Storage;
  /** Moves the occupant, if there is one, to memory of its own. */
  evacuate(): void;
}

/** The part of WebAssembly's JavaScript API used here; TypeScript has it only together with all of the DOM's types. */
declare const WebAssembly: {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (module: Module, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
};
interface Memory {
  readonly buffer: ArrayBuffer;
}
interface Module {
  readonly [Symbol.toStringTag]: string;
}

/** Areas start at multiples of a cache line, which is also a multiple of a SIMD vector. */
const ALIGNMENT = 64;
const PAGE = 65_536;
/** The most that 32-bit addresses reach, less one page. */
const LARGEST_MEMORY = 2 ** 32 - PAGE;
/** Beyond this a group is spread over several memories. */
const PREFERRED_MEMORY = 2 ** 31;

type Update = (
  parameter: number,
  gradient: number,
  first: number,
  second: number,
  bytes: number,
  decay: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  stepSize: number,
  correction: number,
  epsilon: number,
) => void;

/** Allocates slots for tensors of the given numbers of elements, in as few memories as reach. Nothing ever grows. */
export function allocateSlots(runtime: OrtRuntime, lengths: readonly number[]): AdamWSlot[] {
  const slots: AdamWSlot[] = [];
  for (let first = 0; first < lengths.length;) {
    let bytes = slotBytes(lengths[first] ?? 0);
    let end = first + 1;
    while (end < lengths.length && bytes + slotBytes(lengths[end] ?? 0) <= PREFERRED_MEMORY)
      bytes += slotBytes(lengths[end++] ?? 0);
    slots.push(...allocateTogether(runtime, lengths.slice(first, end), bytes));
    first = end;
  }
  return slots;
}

/** Whether a tensor of so many elements fits a slot at all. */
export function fitsSlot(length: number): boolean {
  return slotBytes(length) <= LARGEST_MEMORY;
}

function allocateTogether(runtime: OrtRuntime, lengths: readonly number[], bytes: number): AdamWSlot[] {
  const pages = Math.max(1, Math.ceil(bytes / PAGE));
  // Of fixed size: growing would move the memory away under ONNX Runtime.
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(adamWModule(), { adamw: { memory } });
  const update = instance.exports["update"] as Update;
  let offset = 0;
  return lengths.map((length) => {
    const start = offset;
    offset += slotBytes(length);
    return slotAt(runtime, memory, update, start, length);
  });
}

function slotAt(runtime: OrtRuntime, memory: Memory, update: Update, start: number, length: number): AdamWSlot {
  const bytes = areaBytes(length);
  const area = (index: number): Area =>
    areaOver(runtime, new Float32Array(memory.buffer, start + index * bytes, length));
  return {
    length,
    parameter: area(0),
    gradient: area(1),
    firstMoment: area(2),
    secondMoment: area(3),
    update({ learningRate, beta1, beta2, epsilon, step }, weightDecay) {
      update(
        start,
        start + bytes,
        start + 2 * bytes,
        start + 3 * bytes,
        bytes,
        1 - learningRate * weightDecay,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        learningRate / (1 - beta1 ** step),
        1 / Math.sqrt(1 - beta2 ** step),
        epsilon,
      );
    },
  };
}

function areaOver(runtime: OrtRuntime, elements: Float32Array): Area {
  let occupant: RecordedValue | undefined;
  return {
    elements,
    get occupant() {
      return occupant;
    },
    reserve(value) {
      occupant = value;
      return wrapStorage(runtime, elements, value.shape, "float32", () => {
        occupant = undefined;
      });
    },
    evacuate() {
      if (occupant === undefined) return;
      const value = occupant;
      const storage = allocateStorage(runtime, value.shape, "float32");
      storage.view().set(elements);
      value.storage?.release();
      value.storage = storage;
    },
  };
}

let compiled: Module | undefined;

function adamWModule(): Module {
  compiled ??= new WebAssembly.Module(Buffer.from(ADAMW_BYTES, "base64"));
  return compiled;
}

function areaBytes(length: number): number {
  return Math.ceil((length * Float32Array.BYTES_PER_ELEMENT) / ALIGNMENT) * ALIGNMENT;
}

function slotBytes(length: number): number {
  return 4 * areaBytes(length);
}
