import type { KernelFunc, TensorInfo, Variable } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { boolAttribute, DataType, typeAttribute } from "../device/native-binding.ts";
import { type NodeBackend, nodeBackend, tableId } from "../node-backend.ts";
import { FLOAT, withOps } from "./op-runner.ts";

interface AdamWInputs {
  readonly parameters: readonly Variable[];
  readonly gradients: readonly TensorInfo[];
  readonly firstMoments: readonly Variable[];
  readonly secondMoments: readonly Variable[];
  readonly learningRate?: TensorInfo;
  readonly step?: TensorInfo;
  readonly guard?: TensorInfo;
}

interface AdamWAttributes {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecays: readonly number[];
  readonly learningRate?: NumberOrFunction;
  readonly step?: NumberOrFunction;
}

/** A number, or a function that is called each time the update runs. */
type NumberOrFunction = number | (() => number);

/**
 * The kernel "ApplyAdamW" of @mlan/fused-ops, in place and in float32, through TensorFlow's ResourceApplyAdam. The
 * learning rate includes the bias correction, and the op's own correction is disabled (beta powers of 0): the op
 * computes 1 - beta^t in float32, with an error of 6e-5 at the first step. The op's epsilon is PyTorch's times sqrt(1 -
 * beta2^t).
 */
export const applyAdamW: KernelFunc = ({ inputs, attrs, backend: current }) => {
  const backend = nodeBackend(current);
  const { parameters, gradients, firstMoments, secondMoments, guard, ...scalars }: AdamWInputs = Object(inputs);
  const { beta1, beta2, epsilon, weightDecays, ...numbers }: AdamWAttributes = Object(attrs);
  if (guard && !Number.isFinite(numberOf(backend, guard))) return [];
  const learningRate = numberOf(backend, numbers.learningRate ?? scalars.learningRate);
  const step = numberOf(backend, numbers.step ?? scalars.step);
  // The op uses float32 betas, so the correction must use the same values.
  const correction1 = 1 - Math.fround(beta1) ** step;
  const correction2 = Math.sqrt(1 - Math.fround(beta2) ** step);
  withOps(backend.table, (ops) => {
    const zero = ops.scalar(0);
    const rate = ops.scalar((learningRate * correction2) / correction1);
    const settings = [zero, zero, rate, ops.scalar(beta1), ops.scalar(beta2), ops.scalar(epsilon * correction2)];
    parameters.forEach((parameter, index) => {
      const [gradient, first, second] = [gradients[index], firstMoments[index], secondMoments[index]];
      if (!gradient || !first || !second)
        throw new Error("backend-tensorflow: AdamW needs a gradient and two moments.");
      const updated = [parameter, first, second].map((variable) => ownedId(backend, variable));
      decay(backend, updated[0] ?? 0, learningRate * (weightDecays[index] ?? 0));
      backend.table.update("ResourceApplyAdam", ADAM, updated, [...settings, tableId(backend, gradient)]);
    });
    return [];
  });
  return [];
};

const ADAM = [FLOAT, boolAttribute("use_locking", false), boolAttribute("use_nesterov", false)];

/** Multiplies the parameter by `1 - share`. */
function decay({ table }: NodeBackend, parameter: number, share: number): void {
  if (share === 0) return;
  const [difference] = withOps(table, (ops) => [ops.run("Mul", [parameter, ops.scalar(share)])] as const);
  try {
    table.update("AssignSubVariableOp", [typeAttribute("dtype", DataType.float)], [parameter], [difference]);
  } finally {
    table.delete(difference);
  }
}

/** Returns the id of a variable's tensor. If other tensors share the data, copies it first. */
function ownedId(backend: NodeBackend, variable: Variable): number {
  if (backend.refCount(variable.dataId) > 1) tf.tidy(() => variable.assign(tf.add(variable, 0)));
  return tableId(backend, variable);
}

function numberOf(backend: NodeBackend, number: NumberOrFunction | TensorInfo | undefined): number {
  if (number === undefined) throw new Error("backend-tensorflow: AdamW needs a learning rate and a step.");
  if (typeof number === "object") return Number(backend.table.read(tableId(backend, number))[0]);
  return typeof number === "function" ? number() : number;
}
