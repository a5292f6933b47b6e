import type { Storage } from "./graph.ts";
import { NameTable } from "./name-table.ts";
import type { Pointer } from "./ort-library.ts";
import type { OrtRuntime } from "./ort-runtime.ts";
import type { RecordedValue } from "./recorded-value.ts";
import { adoptStorage, sizeOf } from "./storage.ts";

const inputNames: NameTable = new NameTable("i");
const outputNames: NameTable = new NameTable("o");

/** A compiled graph with inputs i0, i1, ... and outputs o0, o1, ... */
export interface OrtSession {
  /**
   * Computes `outputs` from `inputs`, which all have storage. An output is written into its entry of
   * `destinations` where it has one, else into fresh memory of the arena. `runOptions` are ONNX Runtime's own.
   */
  run(
    inputs: readonly RecordedValue[],
    outputs: readonly RecordedValue[],
    destinations?: Destinations,
    runOptions?: Pointer,
  ): void;
  release(): void;
}

/** Memory that was prepared for results before they are computed. */
export type Destinations = ReadonlyMap<RecordedValue, Storage>;

/** Compiles the bytes of an ONNX model. */
export function openOrtSession(runtime: OrtRuntime, options: Pointer, model: Uint8Array): OrtSession {
  const { library, environment } = runtime;
  const session = library.create("CreateSessionFromArray", environment, model, model.length, options);
  return {
    run(inputs, outputs, destinations, runOptions) {
      inputNames.reserve(inputs.length);
      outputNames.reserve(outputs.length);
      inputs.forEach((input, index) => {
        inputNames.values[index] = handleOf(input);
      });
      outputs.forEach((output, index) => {
        outputNames.values[index] = destinations?.get(output)?.handle ?? 0n;
      });
      library.call.Run(
        session,
        runOptions ?? null,
        inputNames.addresses,
        inputNames.values,
        inputs.length,
        outputNames.addresses,
        outputs.length,
        outputNames.values,
      );
      outputs.forEach((output, index) => {
        const handle = outputNames.values[index] ?? 0n;
        output.storage = destinations?.get(output) ?? adoptStorage(runtime, handle, sizeOf(output.shape), output.dtype);
      });
    },
    release: () => library.release.ReleaseSession(session),
  };
}

function handleOf(input: RecordedValue): Pointer {
  if (input.storage === undefined) throw new Error("a program reads a value that was neither computed nor written");
  return input.storage.handle;
}
