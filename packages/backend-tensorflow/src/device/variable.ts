import type { DeviceMemory, NativeTensor } from "./device-memory.ts";
import type { DeviceExecutor } from "./executor.ts";
import { AttributeType, DataType, typeAttribute } from "./native-binding.ts";

/** TensorFlow's name for a variable that is deleted with its last handle (`ResourceHandle::ANONYMOUS_NAME`). */
const ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347";

/** Creates a float32 resource variable with a copy of `values`, which may share memory with JavaScript. */
export function createVariable(
  executor: DeviceExecutor,
  memory: DeviceMemory,
  values: NativeTensor,
  shape: readonly number[],
): NativeTensor {
  const copied = one(executor.executeOp("DeepCopy", [typeAttribute("T", DataType.float)], [values.id], 1));
  const copy = memory.adopt(copied.id, values.buffer.bytes);
  try {
    const { id } = one(
      executor.executeOp(
        "VarHandleOp",
        [
          { name: "container", type: AttributeType.string, value: "" },
          { name: "shared_name", type: AttributeType.string, value: ANONYMOUS },
          typeAttribute("dtype", DataType.float),
          { name: "shape", type: AttributeType.shape, value: shape },
        ],
        [],
        1,
      ),
    );
    assignVariable(executor, id, copy.id);
    return memory.alias(id, copy);
  } finally {
    memory.release(copy);
  }
}

/** Makes the variable share the buffer of the native tensor `value`. */
function assignVariable(executor: DeviceExecutor, variable: number, value: number): void {
  executor.executeOp("AssignVariableOp", [typeAttribute("dtype", DataType.float)], [variable, value], 0);
}

/** Returns a view of the variable's values. While the view exists, an update copies the values first. */
export function readVariable(executor: DeviceExecutor, memory: DeviceMemory, variable: NativeTensor): NativeTensor {
  const { id } = one(executor.executeOp("ReadVariableOp", [typeAttribute("dtype", DataType.float)], [variable.id], 1));
  return memory.alias(id, variable);
}

function one<Result>([result]: readonly Result[]): Result {
  if (result === undefined) throw new Error("backend-tensorflow: an op returned no result.");
  return result;
}
