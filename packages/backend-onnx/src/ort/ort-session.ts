import { BackendError } from "../backend-error.ts";
import type { Storage } from "../graph/graph.ts";
import { NameTable } from "../graph/name-table.ts";
import { ONNX_TYPES } from "../graph/onnx-type.ts";
import type { OrtLibrary, Pointer } from "./ort-library.ts";
import type { OrtRuntime } from "./ort-runtime.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import { adoptStorage, sizeOf } from "../memory/storage.ts";

const inputNames: NameTable = new NameTable("i");
const outputNames: NameTable = new NameTable("o");

/** A compiled graph with inputs i0, i1, ... and outputs o0, o1, ... */
export interface OrtSession {
  /** The `OrtSession` pointer. */
  readonly handle: Pointer;
  /**
   * Computes `outputs` from `inputs`, which must all have storage. An output is written to its entry in `destinations`;
   * an output without an entry gets new memory of the arena.
   */
  run(inputs: readonly RecordedValue[], outputs: readonly RecordedValue[], destinations?: Destinations): void;
  release(): void;
}

/** Preallocated memory for results. */
export type Destinations = ReadonlyMap<RecordedValue, Storage>;

/** Opens a session for an ONNX model. */
export function openOrtSession(runtime: OrtRuntime, options: Pointer, model: Uint8Array): OrtSession {
  const { library, environment } = runtime;
  const handle = library.create("CreateSessionFromArray", environment, model, model.length, options);
  // Shapes depend only on the graph, so one run is checked.
  let checked = false;
  return {
    handle,
    run(inputs, outputs, destinations) {
      inputNames.reserve(inputs.length);
      outputNames.reserve(outputs.length);
      inputs.forEach((input, index) => {
        inputNames.values[index] = handleOf(input);
      });
      outputs.forEach((output, index) => {
        outputNames.values[index] = destinations?.get(output)?.handle ?? 0n;
      });
      library.call.Run(
        handle,
        null,
        inputNames.addresses,
        inputNames.values,
        inputs.length,
        outputNames.addresses,
        outputs.length,
        outputNames.values,
      );
      if (!checked) checkResults(library, outputs, destinations);
      checked = true;
      outputs.forEach((output, index) => {
        const handle = outputNames.values[index] ?? 0n;
        output.storage = destinations?.get(output) ?? adoptStorage(runtime, handle, sizeOf(output.shape), output.dtype);
      });
    },
    release: () => library.release.ReleaseSession(handle),
  };
}

/**
 * Throws if the number or type of the computed elements differs from the recording. Otherwise JavaScript could read
 * past the end of the memory.
 */
function checkResults(
  library: OrtLibrary,
  outputs: readonly RecordedValue[],
  destinations: Destinations | undefined,
): void {
  const isFresh = (output: RecordedValue): boolean => destinations?.has(output) !== true;
  for (const [index, output] of outputs.entries()) {
    const handle = outputNames.values[index] ?? 0n;
    const { count, type } = contentOf(library, handle);
    if (count === BigInt(sizeOf(output.shape)) && type === ONNX_TYPES[output.dtype]) continue;
    for (const [place, other] of outputs.entries()) {
      if (isFresh(other)) library.release.ReleaseValue(outputNames.values[place] ?? 0n);
    }
    throw new BackendError(
      "runtime",
      `ONNX Runtime computed ${count} elements of its type ${type} for ${output.dtype} [${output.shape.join()}]. ` +
        "Check the sizes and indices of the call.",
    );
  }
}

function contentOf(library: OrtLibrary, handle: Pointer): { readonly count: bigint; readonly type: number } {
  const info = library.create("GetTensorTypeAndShape", handle);
  try {
    const count = library.create("GetTensorShapeElementCount", info);
    const type = new Int32Array(1);
    library.call.GetTensorElementType(info, type);
    return { count, type: type[0] ?? 0 };
  } finally {
    library.release.ReleaseTensorTypeAndShapeInfo(info);
  }
}

function handleOf(input: RecordedValue): Pointer {
  if (input.storage === undefined) throw new Error("a program reads a value that was neither computed nor written");
  return input.storage.handle;
}
