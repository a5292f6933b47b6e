import type { DeviceMemory, NativeTensor } from "./device-memory.ts";
import type { DeviceExecutor } from "./executor.ts";
import {
  boolAttribute,
  byteLength,
  DataType,
  type HostValues,
  type OpAttribute,
  typeAttribute,
} from "./native-binding.ts";
import type { TensorEntry } from "./tensor-entry.ts";
import { createVariable, readVariable } from "./variable.ts";

/** Copies tensors to the device, or casts them there, to the type that an op needs. */
export interface Residency {
  upload(entry: TensorEntry, values: HostValues): NativeTensor;
  /** Returns the tensor in its original type. A tensor that is created only for this use is released with `scope`. */
  full(entry: TensorEntry, scope: Scope): NativeTensor;
  /** Returns the tensor in bfloat16. A parameter keeps this copy. */
  half(entry: TensorEntry, scope: Scope): NativeTensor;
  /** Replaces the result of an op by a bfloat16 copy. */
  round(entry: TensorEntry): void;
  /** Returns the resource variable for in-place updates. Releases views and copies of its current values. */
  variable(entry: TensorEntry): NativeTensor;
  release(entry: TensorEntry): void;
}

/** Native tensors that are released at the end of a call. */
export type Scope = NativeTensor[];

export function residency(executor: DeviceExecutor, memory: DeviceMemory): Residency {
  const upload = ({ shape, dtype }: TensorEntry, values: HostValues): NativeTensor =>
    memory.adopt(executor.createTensor(shape, dtype, values), byteLength({ shape, dtype }));

  const cast = (
    { shape }: TensorEntry,
    source: NativeTensor,
    types: readonly OpAttribute[],
    to: number,
  ): NativeTensor => {
    const [result] = executor.executeOp("Cast", types, [source.id], 1);
    if (result === undefined) throw new Error("backend-tensorflow: the op Cast returned no result.");
    return memory.adopt(result.id, byteLength({ shape, dtype: to }));
  };
  const toHalf = (entry: TensorEntry, source: NativeTensor): NativeTensor =>
    cast(entry, source, FLOAT_TO_BFLOAT16, DataType.bfloat16);

  const stored = (entry: TensorEntry): NativeTensor | undefined => {
    if (entry.host) {
      entry.full = upload(entry, entry.host);
      entry.host = undefined;
    }
    if (!entry.full && entry.variable) entry.full = readVariable(executor, memory, entry.variable);
    return entry.full;
  };
  const full = (entry: TensorEntry, scope: Scope): NativeTensor => {
    const present = stored(entry);
    if (present) return present;
    if (!entry.half) throw new Error("backend-tensorflow: a tensor has no values.");
    return inScope(scope, cast(entry, entry.half, BFLOAT16_TO_FLOAT, DataType.float));
  };

  return {
    upload,
    full,
    half(entry, scope) {
      if (entry.half) return entry.half;
      // Uploaded in float32 only for the cast. A frozen weight stays on the device only in bfloat16.
      const source = entry.host ? inScope(scope, upload(entry, entry.host)) : full(entry, scope);
      const half = toHalf(entry, source);
      if (!entry.parameter) return inScope(scope, half);
      entry.half = half;
      return half;
    },
    round(entry) {
      if (!entry.full || entry.parameter || entry.dtype !== DataType.float) return;
      entry.half = toHalf(entry, entry.full);
      memory.release(entry.full);
      entry.full = undefined;
    },
    variable(entry) {
      if (!entry.variable) {
        const values = stored(entry);
        if (!values) throw new Error("backend-tensorflow: a tensor in bfloat16 cannot be updated in place.");
        entry.variable = createVariable(executor, memory, values, entry.shape);
        entry.parameter = true;
      }
      if (entry.full) memory.release(entry.full);
      if (entry.half) memory.release(entry.half);
      entry.full = entry.half = undefined;
      return entry.variable;
    },
    release({ full, half, variable }) {
      for (const native of [full, half, variable]) if (native) memory.release(native);
    },
  };
}

/** Calls `call` with a scope, and releases the scope's tensors even if the call throws. */
export function scoped<Result>(memory: DeviceMemory, call: (scope: Scope) => Result): Result {
  const scope: Scope = [];
  try {
    return call(scope);
  } finally {
    for (const native of scope) memory.release(native);
  }
}

function inScope(scope: Scope, native: NativeTensor): NativeTensor {
  scope.push(native);
  return native;
}

const FLOAT_TO_BFLOAT16 = castTypes(DataType.float, DataType.bfloat16);
const BFLOAT16_TO_FLOAT = castTypes(DataType.bfloat16, DataType.float);

function castTypes(from: number, to: number): readonly OpAttribute[] {
  return [typeAttribute("SrcT", from), typeAttribute("DstT", to), boolAttribute("Truncate", false)];
}
