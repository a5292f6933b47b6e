import koffi from "koffi";
import type { OrtLibrary, Pointer } from "./ort-library.ts";

/** An operator of ONNX graphs that is computed by JavaScript, on the thread that runs the graph. */
export interface CustomOperator {
  readonly name: string;
  /** ONNX's numbers of the types of its inputs. */
  readonly inputs: readonly number[];
  /** ONNX's numbers of the types of its outputs. */
  readonly outputs: readonly number[];
  /** Computes the outputs; `context` is an `OrtKernelContext` pointer. An error makes the run of the graph fail. */
  compute(context: Pointer): void;
}

/** The version of the C API in which OrtCustomOp got `KernelComputeV2`; ONNX Runtime reads no later fields. */
const VERSION = 16;
/** Number of pointers in OrtCustomOp, after its version. */
const FIELDS = 25;
/** Indices of OrtCustomOp's pointers (onnxruntime_c_api.h). */
const FIELD = {
  createKernel: 0,
  name: 1,
  executionProvider: 2,
  inputType: 3,
  inputCount: 4,
  outputType: 5,
  outputCount: 6,
  destroyKernel: 8,
  inputCharacteristic: 9,
  outputCharacteristic: 10,
  inputMemory: 11,
  compute: 17,
};
const FAILED = 1;

/**
 * Creates a domain of operators, which exists until the process ends. A session that runs one of them needs it in its
 * options.
 */
export function customDomain(library: OrtLibrary, domain: string, operators: readonly CustomOperator[]): Pointer {
  const handle = library.create("CreateCustomOpDomain", domain);
  for (const operator of operators) {
    const table = operatorTable(library, operator);
    // ONNX Runtime keeps the address.
    kept.push(table);
    library.call.CustomOpDomain_Add(handle, table);
  }
  return handle;
}

const kept: object[] = [];

function operatorTable(library: OrtLibrary, { name, inputs, outputs, compute }: CustomOperator): Buffer {
  const table = Buffer.alloc(8 * (1 + FIELDS));
  table.writeUInt32LE(VERSION);
  const text = Buffer.from(`${name}\0`, "ascii");
  kept.push(text);
  const set = (field: number, function_: Pointer): void => {
    table.writeBigUInt64LE(function_, 8 * (1 + field));
  };
  // 0 is the null pointer, the CPU, a required input or output, and the default memory. A kernel has no state.
  const zero = callback("void*", ["void*"], () => null);
  const { createKernel, executionProvider, destroyKernel, inputCharacteristic, outputCharacteristic } = FIELD;
  for (const field of [createKernel, executionProvider, destroyKernel, inputCharacteristic, outputCharacteristic])
    set(field, zero);
  set(FIELD.inputMemory, zero);
  const address = koffi.address(text);
  set(
    FIELD.name,
    callback("void*", ["void*"], () => address),
  );
  for (const [types, count, type] of [
    [inputs, FIELD.inputCount, FIELD.inputType],
    [outputs, FIELD.outputCount, FIELD.outputType],
  ] as const) {
    set(
      count,
      callback("size_t", ["void*"], () => types.length),
    );
    set(
      type,
      callback("int", ["void*", "size_t"], (_, index) => types[Number(index)] ?? 0),
    );
  }
  set(
    FIELD.compute,
    callback("void*", ["void*", "void*"], (_, context) => {
      try {
        compute(context as Pointer);
        return null;
      } catch (error) {
        return library.newStatus(FAILED, error instanceof Error ? error.message : String(error));
      }
    }),
  );
  return table;
}

type Callback = (...values: readonly (Pointer | number)[]) => Pointer | number | null;

/** Returns the address of a native function that calls `fn`. ONNX Runtime may call it until the process ends. */
function callback(result: string, parameters: readonly string[], fn: Callback): Pointer {
  return koffi.register(fn, koffi.pointer(koffi.proto(result, [...parameters])));
}
