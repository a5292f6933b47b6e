import { OPTIMIZERS_BYTES } from "./optimizers-bytes.ts";

/** The part of the WebAssembly API that is used here. TypeScript declares it only in its DOM library. */
declare const WebAssembly: {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WebAssemblyMemory;
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (module: Module, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
};
interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}
interface Module {
  readonly [Symbol.toStringTag]: string;
}

/** The functions of optimizers.wat. They work on one memory. Arrays are passed as byte offset and length in bytes. */
export interface OptimizerPasses {
  readonly adamw: (
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
  /** `adamw` with bfloat16 moments, half as many bytes, rounded stochastically. `seed` is the step. */
  readonly adamwBfloat16: (...parameters: [...numbers: Parameters<OptimizerPasses["adamw"]>, seed: number]) => void;
  /**
   * `adamw` with moments of 8 bits, which are rounded stochastically: the codes of all blocks of 256 elements, then a
   * float32 scale per block. `seed` is the step.
   */
  readonly adamwInt8: OptimizerPasses["adamwBfloat16"];
  readonly sgd: (parameter: number, gradient: number, bytes: number, rate: number, decay: number) => void;
  readonly momentum: (
    parameter: number,
    gradient: number,
    velocity: number,
    bytes: number,
    rate: number,
    decay: number,
    momentum: number,
    nesterov: number,
  ) => void;
}

/** A WebAssembly memory and the functions that update arrays in it. */
export interface OptimizerMemory {
  /** The memory. It starts as zeros, and the system allocates a page when it is first written. */
  readonly buffer: ArrayBuffer;
  readonly passes: OptimizerPasses;
}

const PAGE = 65_536;
/** The 32-bit address space in bytes, less one page. */
export const LARGEST_MEMORY: number = 2 ** 32 - PAGE;

/** Allocates a memory of at least `bytes` bytes. */
export function allocateOptimizerMemory(bytes: number): OptimizerMemory {
  const pages = Math.max(1, Math.ceil(bytes / PAGE));
  // Fixed size, because growing could move the memory while ONNX Runtime uses it.
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(compiledModule(), { optimizers: { memory } });
  return { buffer: memory.buffer, passes: exports as object as OptimizerPasses };
}

let compiled: Module | undefined;

function compiledModule(): Module {
  compiled ??= new WebAssembly.Module(Buffer.from(OPTIMIZERS_BYTES, "base64"));
  return compiled;
}
