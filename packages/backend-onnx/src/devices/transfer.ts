import type { ElementType, Storage } from "../graph/graph.ts";
import { ONNX_TYPES } from "../graph/onnx-type.ts";
import { onnxWriter } from "../graph/onnx-writer.ts";
import { NameTable } from "../graph/name-table.ts";
import type { Pointer } from "../ort/ort-library.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { allocateStorage, writeStorage, type Elements } from "../memory/storage.ts";

/** Copies tensors between JavaScript's memory and a device. */
export interface Transfer {
  toDevice(values: ArrayLike<number>, shape: readonly number[], dtype: ElementType, target: Storage): void;
  fromDevice(source: Storage, shape: readonly number[], dtype: ElementType): Elements;
  /** A session on the device. It gives access to the device's allocator. */
  readonly session: Pointer;
}

/** The dtype in JavaScript's memory during a copy. Booleans become int32, because no provider copies single bytes. */
const TRANSFER_TYPES = { float32: "float32", int32: "int32", bool: "int32" } as const;

const inputs: NameTable = new NameTable("i");
const outputs: NameTable = new NameTable("o");

/**
 * Creates a transfer that copies by running a graph with one node on the device: ONNX Runtime copies inputs to the
 * device and outputs from it. `createOptions` returns options for one session on the device.
 */
export function transfer(runtime: OrtRuntime, createOptions: () => Pointer): Transfer {
  const { library, environment } = runtime;
  const open = (from: ElementType, to: ElementType): Pointer => {
    const writer = onnxWriter();
    writer.input("i0", undefined, from);
    writer.output("o0", undefined, to);
    if (from === to) writer.node("Identity", ["i0"], ["o0"]);
    else writer.node("Cast", ["i0"], ["o0"], { to: ONNX_TYPES[to] });
    const model = writer.finish();
    const options = createOptions();
    try {
      return library.create("CreateSessionFromArray", environment, model, model.length, options);
    } finally {
      library.release.ReleaseSessionOptions(options);
    }
  };
  const run = (session: Pointer, source: Storage, target: Storage): void => {
    for (const [table, storage] of [
      [inputs, source],
      [outputs, target],
    ] as const) {
      table.reserve(1);
      table.values[0] = storage.handle;
    }
    library.call.Run(session, null, inputs.addresses, inputs.values, 1, outputs.addresses, 1, outputs.values);
  };
  const same = { float32: open("float32", "float32"), int32: open("int32", "int32") };
  const incoming = { ...same, bool: open("int32", "bool") };
  const outgoing = { ...same, bool: open("bool", "int32") };
  return {
    session: same.float32,
    toDevice(values, shape, dtype, target) {
      const numbers = dtype === "bool" ? Int32Array.from(values, (value) => (value === 0 ? 0 : 1)) : values;
      const source = writeStorage(runtime, numbers, shape, TRANSFER_TYPES[dtype]);
      try {
        run(incoming[dtype], source, target);
      } finally {
        source.release();
      }
    },
    fromDevice(source, shape, dtype) {
      const target = allocateStorage(runtime, shape, TRANSFER_TYPES[dtype]);
      try {
        run(outgoing[dtype], source, target);
        return dtype === "bool" ? Uint8Array.from(target.view()) : target.view().slice();
      } finally {
        target.release();
      }
    },
  };
}
