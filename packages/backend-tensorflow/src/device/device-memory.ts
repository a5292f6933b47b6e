import type { DeviceExecutor } from "./executor.ts";

/** A buffer on the device. Several tensors may share it with different shapes. */
interface DeviceBuffer {
  readonly bytes: number;
  tensors: number;
}

export interface NativeTensor {
  readonly id: number;
  readonly buffer: DeviceBuffer;
}

export interface DeviceMemoryStatistics {
  readonly tensors: number;
  /**
   * Bytes of the tensors' buffers. A shared buffer counts once. Memory that an op needs while it runs is not counted.
   */
  readonly bytes: number;
  /** Maximum of `bytes` since the start or the last reset. */
  readonly peakBytes: number;
}

/** Counts tensors and bytes on the device. */
export interface DeviceMemory {
  /** Records a tensor with a new buffer. */
  adopt(id: number, bytes: number): NativeTensor;
  /** Records a tensor that shares the buffer of `other`. */
  alias(id: number, other: NativeTensor): NativeTensor;
  release(tensor: NativeTensor): void;
  statistics(): DeviceMemoryStatistics;
  resetPeak(): void;
}

export function deviceMemory({ deleteTensor }: Pick<DeviceExecutor, "deleteTensor">): DeviceMemory {
  let [tensors, bytes, peakBytes] = [0, 0, 0];
  return {
    adopt(id, size) {
      tensors++;
      bytes += size;
      if (bytes > peakBytes) peakBytes = bytes;
      return { id, buffer: { bytes: size, tensors: 1 } };
    },
    alias(id, { buffer }) {
      tensors++;
      buffer.tensors++;
      return { id, buffer };
    },
    release({ id, buffer }) {
      deleteTensor(id);
      tensors--;
      if (--buffer.tensors === 0) bytes -= buffer.bytes;
    },
    statistics: () => ({ tensors, bytes, peakBytes }),
    resetPeak: () => {
      peakBytes = bytes;
    },
  };
}
