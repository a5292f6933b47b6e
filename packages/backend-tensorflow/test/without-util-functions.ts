/** Runs the backend on a Node without the functions that Node 23 removed from `util`. Prints the result. */
import { createRequire } from "node:module";
import type { Rank } from "@tensorflow/tfjs-core";

const REMOVED = [
  "isArray",
  "isBoolean",
  "isBuffer",
  "isDate",
  "isError",
  "isFunction",
  "isNull",
  "isNullOrUndefined",
  "isNumber",
  "isObject",
  "isPrimitive",
  "isRegExp",
  "isString",
  "isSymbol",
  "isUndefined",
  "log",
];

// Before any other module is loaded.
const util = createRequire(import.meta.url)("node:util");
for (const name of REMOVED) delete util[name];

await import("@tensorflow/tfjs-layers");
const tf = await import("@tensorflow/tfjs-core");
const { useTensorFlowBackend } = await import("@mlan/backend-tensorflow");
await useTensorFlowBackend({ device: "cpu" });

const weights = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]));
const { value, grads } = tf.variableGrads(
  () => tf.sum(tf.square(tf.matMul(tf.tensor2d([[1, -1]]), weights))),
  [weights],
);
const moved = tf.train.sgd(0.25);
moved.applyGradients(grads);
const results = {
  version: process.version,
  stillThere: REMOVED.filter((name) => !["isArray", "isNullOrUndefined"].includes(name) && util[name] !== undefined),
  loss: value.dataSync()[0],
  weights: [...weights.dataSync()],
  absolute: [...tf.abs(tf.tensor1d([-1.5, 2])).dataSync()],
  // In these ops, tfjs-node checks the type of an argument.
  sliced: [...tf.stridedSlice(tf.range(0, 6), [1], [6], [2]).dataSync()],
  chosen: [...tf.topk(tf.tensor1d([3, 9, 5]), 2).values.dataSync()],
  split: tf.split(tf.range(0, 4), 2).map((part) => [...part.dataSync()]),
  convolved: [...tf.conv2d(tf.ones<Rank.R4>([1, 3, 3, 1]), tf.ones<Rank.R4>([2, 2, 1, 1]), 1, "valid").dataSync()],
};
console.log(JSON.stringify(results));
