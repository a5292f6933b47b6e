import { messageOf } from "@mlan/errors";
import { BackendError, type BackendErrorCode } from "../backend-error.ts";
import { typeText } from "../recording/interner.ts";
import type { OnnxWriter } from "./onnx-writer.ts";
import type { Program } from "../recording/program.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";

/** Returns a program as an ONNX model with inputs i0, i1, ... and outputs o0, o1, ... */
export function compileProgram(program: Program, writer: OnnxWriter): Uint8Array {
  const { nodes, leaves, frozen, outputs } = program;
  const names: string[] = [];
  leaves.forEach((leaf, index) => {
    names[leaf.position] = `i${index}`;
    writer.input(`i${index}`, leaf.shape, leaf.storedType ?? leaf.dtype);
  });
  frozen.forEach((leaf, index) => {
    const name = `${FROZEN_PREFIX}${index}`;
    names[leaf.position] = name;
    writer.initializer(name, leaf.shape, leaf.dtype);
  });
  outputs.forEach((output, index) => {
    names[output.position] = `o${index}`;
    writer.output(`o${index}`, output.shape, output.dtype);
  });
  const nameOf = ({ position }: RecordedValue): string => (names[position] ??= `v${position}`);
  for (const node of nodes) {
    for (const output of node.outputs) writer.value(nameOf(output), output.shape, output.dtype);
    writer.label(`${node.operation.name} ${node.outputs.map(typeText).join()}`);
    node.operation.emit(writer, node.inputs.map(nameOf), node.outputs.map(nameOf), node);
  }
  return writer.finish();
}

/** Prefix of the names f0, f1, ... of frozen leaves in a graph. */
export const FROZEN_PREFIX = "f";

/**
 * Returns the error for a program that ONNX Runtime rejected. It names the operations and quotes ONNX Runtime's reason.
 */
export function programError(program: Program, cause: unknown): BackendError {
  const code: BackendErrorCode = BackendError.is(cause) ? cause.code : "runtime";
  const names = program.nodes.map((node) => {
    const operands = node.inputs.map(typeText).join(", ");
    return `${node.operation.name}(${operands}) -> ${node.outputs.map(typeText).join(", ")}`;
  });
  const reason = messageOf(cause).replace(/^backend-onnx: /, "");
  const what = names.length === 1 ? names[0] : `${names.length} operations from ${names[0]} to ${names.at(-1)}`;
  return new BackendError(code, `${what} cannot be computed. ${reason}`, { cause });
}
