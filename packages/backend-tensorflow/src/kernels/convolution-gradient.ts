import { DataType, type OpAttribute, typeAttribute } from "../device/native-binding.ts";
import type { TensorTable } from "../device/tensor-table.ts";
import { FLOAT, intAttribute, withOps } from "./op-runner.ts";

const GRADIENTS: ReadonlySet<string> = new Set(["Conv2DBackpropInput", "Conv3DBackpropInputV2"]);

/**
 * Returns `table.execute` with a correction for the gradient of a convolution's input with one channel and one filter:
 * TensorFlow 2.21 (oneDNN) returns wrong numbers for this shape on the CPU, so a second filter of zeros is added.
 */
export function executeCorrected(table: TensorTable): TensorTable["execute"] {
  return (op, attributes, inputs, outputs) => {
    const [sizes, filter, gradient] = inputs;
    if (!GRADIENTS.has(op) || sizes === undefined || filter === undefined || gradient === undefined)
      return table.execute(op, attributes, inputs, outputs);
    const shape = table.shape(filter);
    if (shape.at(-1) !== 1 || shape.at(-2) !== 1) return table.execute(op, attributes, inputs, outputs);
    const last = shape.length - 1;
    const channels = channelsComeFirst(attributes) ? 1 : last;
    let results: ReturnType<TensorTable["execute"]> = [];
    withOps(table, (ops) => {
      const widened = (tensor: number, axis: number): number =>
        ops.run("ConcatV2", [tensor, ops.run("ZerosLike", [tensor]), ops.integer(axis)], CONCATENATION);
      results = table.execute(op, attributes, [sizes, widened(filter, last), widened(gradient, channels)], outputs);
      return [];
    });
    return results;
  };
}

const CONCATENATION = [FLOAT, intAttribute("N", 2), typeAttribute("Tidx", DataType.int32)];

function channelsComeFirst(attributes: readonly OpAttribute[]): boolean {
  return attributes.some(({ name, value }) => name === "data_format" && String(value).startsWith("NC"));
}
