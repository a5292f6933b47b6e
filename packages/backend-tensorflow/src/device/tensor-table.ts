import { messageOf } from "@mlan/core";
import type { DeviceMemory, NativeTensor } from "./device-memory.ts";
import type { DeviceExecutor } from "./executor.ts";
import {
  AttributeType,
  byteLength,
  DataType,
  type HostValues,
  type OpAttribute,
  type TensorMetadata,
} from "./native-binding.ts";
import { precisionOf } from "./precision-policy.ts";
import { type Residency, residency, scoped } from "./residency.ts";
import { isFloat, isHalf, isSingle, type TensorEntry } from "./tensor-entry.ts";

export type Precision = "float32" | "bfloat16";

/** The tensors of a backend by id. Hides mixed precision from TensorFlow.js. */
export interface TensorTable {
  create(shape: readonly number[], dtype: number, values: HostValues): number;
  delete(id: number): void;
  read(id: number): HostValues;
  shape(id: number): readonly number[];
  /** Runs an op in the precision of its policy. */
  execute(op: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): TensorMetadata[];
  /** Whether the tensor exists only in bfloat16. */
  isHalf(id: number): boolean;
  /** Rounds the result of an op to bfloat16 if the backend has this precision. */
  round(id: number): void;
  /** Runs an op that updates the float tensors `updated` in place. The op receives `inputs` in float32 after them. */
  update(op: string, attributes: readonly OpAttribute[], updated: readonly number[], inputs: readonly number[]): void;
}

/**
 * Minimum size of a parameter in bfloat16. Parameters with fewer elements (weights of norms, biases) stay in float32.
 */
const PARAMETER_SIZE = 2 ** 14;

/** Ops whose result shares their first input's buffer with a different shape. */
const ALIASES: ReadonlySet<string> = new Set(["Reshape", "ExpandDims", "Squeeze", "Identity", "StopGradient"]);

export function tensorTable(executor: DeviceExecutor, memory: DeviceMemory, precision: Precision): TensorTable {
  const entries = new Map<number, TensorEntry>();
  const device = residency(executor, memory);
  const mixed = precision === "bfloat16";
  /** Ops that were found to lack a bfloat16 kernel on the device. */
  const fullOnly = new Set<string>();
  let next = 0;

  const add = (entry: TensorEntry): number => {
    entries.set(next, entry);
    return next++;
  };
  const entryOf = (id: number): TensorEntry => {
    const entry = entries.get(id);
    if (entry === undefined) throw new Error(`backend-tensorflow: there is no tensor ${id}; it has been disposed.`);
    return entry;
  };
  const addResult = (result: TensorMetadata, native: NativeTensor, rounded: boolean): TensorMetadata => {
    const { shape } = result;
    const half = result.dtype === DataType.bfloat16;
    const dtype = half ? DataType.float : result.dtype;
    const entry: TensorEntry = { shape, dtype, parameter: false, ...(half ? { half: native } : { full: native }) };
    if (rounded) device.round(entry);
    return { id: add(entry), shape, dtype };
  };

  const run = (
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorEntry[],
    outputs: number,
    half: boolean,
  ): TensorMetadata[] =>
    scoped(memory, (scope) => {
      const natives = inputs.map((entry) => nativeOf(device, entry, half, scope));
      const numbers = natives.map(({ id }) => id);
      const results = executor.executeOp(op, attributes, numbers, outputs);
      const shared = sharesInput(op, attributes) ? natives[0] : undefined;
      const rounded = mixed && precisionOf(op) === "rounded";
      return results.map((result) => {
        const native = shared ? memory.alias(result.id, shared) : memory.adopt(result.id, byteLength(result));
        return addResult(result, native, rounded);
      });
    });

  return {
    create(shape, dtype, values) {
      const parameter = mixed && values instanceof Float32Array && values.length >= PARAMETER_SIZE;
      const entry: TensorEntry = { shape, dtype, parameter };
      if (parameter) entry.host = values;
      else entry.full = device.upload(entry, values);
      return add(entry);
    },
    delete(id) {
      device.release(entryOf(id));
      entries.delete(id);
    },
    read(id) {
      const entry = entryOf(id);
      return entry.host ?? scoped(memory, (scope) => executor.tensorDataSync(device.full(entry, scope).id));
    },
    shape: (id) => entryOf(id).shape,
    execute(op, attributes, ids, outputs) {
      const inputs = ids.map(entryOf);
      if (!mixed || fullOnly.has(op) || !runsInHalf(op, inputs)) return run(op, attributes, inputs, outputs, false);
      try {
        return run(op, inBfloat16(attributes), inputs, outputs, true);
      } catch (error) {
        if (!lacksKernel(error)) throw error;
        fullOnly.add(op);
        return run(op, attributes, inputs, outputs, false);
      }
    },
    isHalf: (id) => isHalf(entryOf(id)),
    round(id) {
      if (mixed) device.round(entryOf(id));
    },
    update(op, attributes, updated, inputs) {
      scoped(memory, (scope) => {
        const read = inputs.map((id) => device.full(entryOf(id), scope).id);
        const variables = updated.map((id) => device.variable(entryOf(id)).id);
        executor.executeOp(op, attributes, [...variables, ...read], 0);
      });
    },
  };
}

function runsInHalf(op: string, inputs: readonly TensorEntry[]): boolean {
  const precision = precisionOf(op);
  if (precision === "half") return true;
  if (precision === "lookup" && inputs[0]?.parameter === true) return true;
  if (precision !== "kept" && precision !== "lookup") return false;
  const numbers = inputs.filter(isFloat);
  return numbers.some(isHalf) && numbers.every((entry) => isHalf(entry) || isSingle(entry));
}

function nativeOf(device: Residency, entry: TensorEntry, half: boolean, scope: NativeTensor[]): NativeTensor {
  return half && isFloat(entry) ? device.half(entry, scope) : device.full(entry, scope);
}

function inBfloat16(attributes: readonly OpAttribute[]): readonly OpAttribute[] {
  return attributes.map((attribute) =>
    attribute.type === AttributeType.type && attribute.value === DataType.float
      ? { ...attribute, value: DataType.bfloat16 }
      : attribute,
  );
}

/** Whether an error is TensorFlow's NOT_FOUND: no device has a kernel of the op for these types. */
function lacksKernel(error: unknown): boolean {
  return /TF_Status: 5\b[\s\S]*(Could not find device|No registered)/.test(messageOf(error));
}

function sharesInput(op: string, attributes: readonly OpAttribute[]): boolean {
  if (ALIASES.has(op)) return true;
  if (op !== "Cast") return false;
  const [from, to] = ["SrcT", "DstT"].map((name) => attributes.find((attribute) => attribute.name === name)?.value);
  return from === to;
}
