import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { Attributes, GraphEmitter, OnnxAttribute, Operation, Value } from "../../graph/graph.ts";
import type { Kernel, Operand, Recorder, ResultType } from "../../kernel.ts";
import { castNode, convert } from "./conversion.ts";
import type { OnnxType } from "../../graph/onnx-type.ts";
import { assertShape } from "../../graph/shape-check.ts";

/** The last ONNX node of an operation. The caller adds its outputs. */
export type OutputNode = readonly [
  operatorType: string,
  inputs: readonly string[],
  attributes?: Readonly<Record<string, OnnxAttribute>>,
  domain?: string,
];

/** The graph and the node of an operation. `result` is its first result. */
export interface EmitContext<A = object> {
  readonly graph: GraphEmitter;
  readonly attributes: A;
  readonly operands: readonly Value[];
  readonly result: Value;
}

/** Emits everything before the last node through `graph.apply` and returns the last node. */
export type EmitNodes<A = object> = (context: EmitContext<A>, ...inputs: string[]) => OutputNode;

/** An operation with attributes of type `A` for {@link record}. */
export interface OnnxOperation<A = object> extends Operation {
  readonly emitNodes: EmitNodes<A>;
}

export function operation<A = object>(name: string, emitNodes: EmitNodes<A>): OnnxOperation<A> {
  return {
    name,
    emitNodes,
    emit(graph, inputs, outputs, { inputs: operands, attributes, outputs: [result] }) {
      if (result === undefined)
        throw new BackendError("unsupported", `the operation ${name} was recorded without a result.`);
      const node = emitNodes({ graph, attributes: attributes as A, operands, result }, ...inputs);
      graph.node(node[0], node[1], outputs, node[2], node[3]);
    },
  };
}

/** A single ONNX node of this type. */
export function onnxNode(operatorType: string): EmitNodes {
  return (_, ...inputs) => [operatorType, inputs];
}

/**
 * Wraps `emitNodes` so that it computes in a type for which ONNX Runtime has a kernel. Operands are converted to the
 * compute type. The output has the type `produced` (default: the compute type) and is converted to the result's dtype.
 */
export function computedIn<A>(
  computeType: OnnxType | ((operands: readonly Value[]) => OnnxType),
  emitNodes: EmitNodes<A>,
  produced?: OnnxType,
): EmitNodes<A> {
  return (context, ...inputs) => {
    const { graph, operands, result } = context;
    const type = typeof computeType === "string" ? computeType : computeType(operands);
    const names = inputs.map((name, index) => convert(graph, name, operands[index]?.dtype ?? type, type));
    const node = emitNodes(context, ...names);
    const from = produced ?? type;
    return from === result.dtype ? node : castNode(graph, graph.apply(...node), from, result.dtype);
  };
}

/** Computes in float32. ONNX Runtime has a float32 kernel of every operator. */
export const inFloat32 = <A = object>(emitNodes: EmitNodes<A>): EmitNodes<A> => computedIn("float32", emitNodes);
/** Computes in float64, for results that would be too inaccurate in float32. */
export const inFloat64 = <A = object>(emitNodes: EmitNodes<A>): EmitNodes<A> => computedIn("float64", emitNodes);
/** Computes in float32 or int32, for operators without kernels for bool. */
export const inNumber = <A = object>(emitNodes: EmitNodes<A>): EmitNodes<A> => computedIn(numberType, emitNodes);

/** Returns the type that can represent the numbers of all operands. */
export function numberType(operands: readonly Pick<Value, "dtype">[]): "float32" | "int32" {
  return operands.some(({ dtype }) => dtype === "float32") ? "float32" : "int32";
}

/** tfjs-core's types allow every input to be undefined, but only optional inputs can be. */
type Present<Inputs> = { readonly [Name in keyof Inputs]: NonNullable<Inputs[Name]> };

/** A kernel whose inputs and attributes are those that tfjs-core documents for its name. */
export function kernel<Inputs, KernelAttributes = object>(
  kernelName: string,
  run: (inputs: Present<Inputs>, attributes: KernelAttributes, recorder: Recorder) => TensorInfo | TensorInfo[],
): Kernel {
  return {
    kernelName,
    run: ({ inputs, attributes, recorder }) => run(inputs as Present<Inputs>, attributes as KernelAttributes, recorder),
  };
}

/**
 * Records an operation. An empty result becomes a constant. ONNX Runtime's kernels fail on empty inputs (its Conv never
 * returns), so a kernel must handle empty inputs with a non-empty result before it calls this function.
 */
export function record<A extends object>(
  recorder: Recorder,
  recorded: OnnxOperation<A>,
  inputs: readonly Operand[],
  result: ResultType,
  attributes?: A,
): TensorInfo {
  assertShape(recorded.name, result.shape);
  if (isEmpty(result.shape)) return constant(recorder, [], result);
  for (const { shape } of inputs) if (isEmpty(shape)) refuseEmpty(recorded.name, shape, result.shape);
  return recorder.record(recorded, inputs, result, { ...attributes } as Attributes);
}

function refuseEmpty(name: string, source: readonly number[], result: readonly number[]): never {
  throw new BackendError(
    "unsupported",
    `${name} of an empty tensor of shape [${source.join()}] has no result of shape [${result.join()}]. ` +
      "Pass a tensor with elements.",
  );
}

/** Creates a leaf with these values. */
export function constant(recorder: Recorder, values: Iterable<number>, result: ResultType): TensorInfo {
  if (result.dtype === "float32") return recorder.constant(Float32Array.from(values), result);
  return recorder.constant(result.dtype === "int32" ? Int32Array.from(values) : Uint8Array.from(values), result);
}

/** Whether a tensor of this shape has no elements. */
export function isEmpty(shape: readonly number[]): boolean {
  return shape.includes(0);
}
