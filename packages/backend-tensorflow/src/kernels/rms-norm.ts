import type { KernelFunc } from "@tensorflow/tfjs-core";
import { boolAttribute, DataType, typeAttribute } from "../device/native-binding.ts";
import { nodeBackend, tableId } from "../node-backend.ts";
import { floatResult } from "./float-result.ts";
import { FLOAT, withOps } from "./op-runner.ts";

/**
 * The kernel "RmsNorm" of @mlan/fused-ops, computed in float32. The result is rounded, because matrix products read it.
 */
export const rmsNorm: KernelFunc = ({ inputs, attrs, backend: current }) => {
  const backend = nodeBackend(current);
  const { x, weight } = inputs;
  const epsilon = Number(Object(attrs).epsilon);
  if (!x || !weight) throw new Error("backend-tensorflow: RmsNorm needs x and weight.");
  const [input, scale] = [tableId(backend, x), tableId(backend, weight)];
  const [value, inverse] = withOps(backend.table, (ops) => {
    const mean = ops.run("Mean", [ops.run("Square", [input]), ops.integers([1])], MEAN);
    const inverse = ops.run("Rsqrt", [ops.run("AddV2", [mean, ops.scalar(epsilon)])]);
    return [ops.run("Mul", [ops.run("Mul", [input, inverse]), scale]), inverse] as const;
  });
  backend.table.round(value);
  return [floatResult(backend, value, x.shape), floatResult(backend, inverse, [x.shape[0] ?? 0, 1])];
};

const MEAN = [FLOAT, boolAttribute("keep_dims", true), typeAttribute("Tidx", DataType.int32)];
