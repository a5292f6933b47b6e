import { deviceMemory } from "./device/device-memory.ts";
import { deviceExecutor } from "./device/executor.ts";
import type { NativeBinding } from "./device/native-binding.ts";
import { type TensorTable, tensorTable } from "./device/tensor-table.ts";
import { executeCorrected } from "./kernels/convolution-gradient.ts";
import type { LoadedBinding } from "./load-binding.ts";
import type { NodeBackend } from "./node-backend.ts";
import type { TensorFlowOptions } from "./options.ts";
import type { TensorFlowStatistics } from "./statistics.ts";
import { tfjsNode } from "./tfjs-node.ts";

export interface OpenBackend {
  readonly backend: NodeBackend;
  statistics(): TensorFlowStatistics;
  resetPeak(): void;
}

/** Opens tfjs-node's backend with a table that counts tensors and applies mixed precision. */
export function openBackend(
  { native, device }: LoadedBinding,
  { precision = "float32" }: TensorFlowOptions,
): OpenBackend {
  const memory = deviceMemory(native);
  const executor = deviceExecutor(native, device.name, () => memory.statistics().bytes);
  const table = tensorTable(executor, memory, precision);
  const backend: NodeBackend = Object.assign(tfjsNode()(bindingOf(native, table)), {
    table,
    memory: () => ({ unreliable: false, numBytesOnDevice: memory.statistics().bytes }),
  });
  return {
    backend,
    statistics: () => ({
      ...memory.statistics(),
      dispatches: executor.dispatches,
      version: native.TF_Version,
      device: device.name,
      precision,
    }),
    resetPeak: () => memory.resetPeak(),
  };
}

/** Returns the native binding with its tensor methods replaced by those of the table. */
function bindingOf(native: NativeBinding, table: TensorTable): NativeBinding {
  return Object.create(native, {
    createTensor: { value: table.create },
    deleteTensor: { value: table.delete },
    tensorDataSync: { value: table.read },
    executeOp: { value: executeCorrected(table) },
  });
}
