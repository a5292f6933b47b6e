import type { KernelFunc } from "@tensorflow/tfjs-core";
import { DataType, typeAttribute } from "../device/native-binding.ts";
import { nodeBackend, tableId } from "../node-backend.ts";
import { floatResult } from "./float-result.ts";
import { FLOAT, intAttribute, type OpRunner, withOps } from "./op-runner.ts";

/** The kernel "RotaryEmbedding" of @mlan/fused-ops, computed in float32. The result is bfloat16 if `x` is. */
export const rotaryEmbedding: KernelFunc = ({ inputs, backend: current }) => {
  const backend = nodeBackend(current);
  const { x, cosine, sine } = inputs;
  if (!x || !cosine || !sine) throw new Error("backend-tensorflow: RotaryEmbedding needs x, cosine and sine.");
  const heads = tableId(backend, x);
  const [result] = withOps(backend.table, (ops) => {
    const factors = (tensor: typeof cosine): number => perHead(ops, tableId(backend, tensor), tensor.shape);
    const [c, s] = [factors(cosine), factors(sine)];
    const [first, second] = ops.runAll(
      "Split",
      [ops.integer(LAST_AXIS), heads],
      [FLOAT, intAttribute("num_split", 2)],
      2,
    );
    if (first === undefined || second === undefined)
      throw new Error("backend-tensorflow: a head was not split in two.");
    const left = ops.run("Sub", [ops.run("Mul", [first, c]), ops.run("Mul", [second, s])]);
    const right = ops.run("AddV2", [ops.run("Mul", [second, c]), ops.run("Mul", [first, s])]);
    const attributes = [FLOAT, intAttribute("N", 2), typeAttribute("Tidx", DataType.int32)];
    return [ops.run("ConcatV2", [left, right, ops.integer(LAST_AXIS)], attributes)] as const;
  });
  if (backend.table.isHalf(heads)) backend.table.round(result);
  return floatResult(backend, result, x.shape);
};

/** Index of the last axis of heads [rows, heads, length, dimension]. */
const LAST_AXIS = 3;

/** Inserts a dimension for the heads, because all heads use the same factors. */
function perHead(ops: OpRunner, factors: number, shape: readonly number[]): number {
  if (shape.length === 2) return factors;
  const [rows = 0, length = 0, half = 0] = shape;
  return ops.run(
    "Reshape",
    [factors, ops.integers([rows, 1, length, half])],
    [FLOAT, typeAttribute("Tshape", DataType.int32)],
  );
}
