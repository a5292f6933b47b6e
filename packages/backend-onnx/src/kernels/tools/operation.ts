import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { Attributes, GraphEmitter, OnnxAttribute, Operation, Value } from "../../graph/graph.ts";
import type { Kernel, Operand, Recorder, ResultType } from "../../kernel.ts";
import { castCall, convert } from "./conversion.ts";
import type { OnnxType } from "../../graph/onnx-type.ts";
import { assertShape } from "../../graph/shape-check.ts";

/** The last ONNX node of an operation, as data: its outputs are filled in by whoever writes it. */
export type OnnxCall = readonly [
  operatorType: string,
  inputs: readonly string[],
  attributes?: Readonly<Record<string, OnnxAttribute>>,
  domain?: string,
];

/** What is known while an operation is written. `result` is the first of its results. */
export interface Writing<A = object> {
  readonly graph: GraphEmitter;
  readonly attributes: A;
  readonly operands: readonly Value[];
  readonly result: Value;
}

/** Writes everything before the last node through `graph.apply` and returns the last node. */
export type Write<A = object> = (writing: Writing<A>, ...inputs: string[]) => OnnxCall;

/** An operation whose attributes are of type `A`; it is recorded by {@link record} with just these. */
export interface WrittenOperation<A = object> extends Operation {
  readonly write: Write<A>;
}

export function operation<A = object>(name: string, write: Write<A>): WrittenOperation<A> {
  return {
    name,
    write,
    emit(graph, inputs, outputs, { inputs: operands, attributes, outputs: [result] }) {
      if (result === undefined)
        throw new BackendError("unsupported", `operation ${name} was recorded without a result.`);
      const call = write({ graph, attributes: attributes as A, operands, result }, ...inputs);
      graph.node(call[0], call[1], outputs, call[2], call[3]);
    },
  };
}

/** Just the ONNX node of this type. */
export function onnxNode(operatorType: string): Write {
  return (_, ...inputs) => [operatorType, inputs];
}

/**
 * Wraps `write` so that it computes in a type for which ONNX Runtime has a kernel: operands are converted to the
 * compute type, and what is `produced` (the same type by default) to the result's dtype.
 */
export function computedIn<A>(
  computeType: OnnxType | ((operands: readonly Value[]) => OnnxType),
  write: Write<A>,
  produced?: OnnxType,
): Write<A> {
  return (writing, ...inputs) => {
    const { graph, operands, result } = writing;
    const type = typeof computeType === "string" ? computeType : computeType(operands);
    const names = inputs.map((name, index) => convert(graph, name, operands[index]?.dtype ?? type, type));
    const call = write(writing, ...names);
    const from = produced ?? type;
    return from === result.dtype ? call : castCall(graph, graph.apply(...call), from, result.dtype);
  };
}

/** Float kernels exist for everything. */
export const inFloat32 = <A = object>(write: Write<A>): Write<A> => computedIn("float32", write);
/** For results that a float32 computation would round away. */
export const inFloat64 = <A = object>(write: Write<A>): Write<A> => computedIn("float64", write);
/** Arithmetic kernels exist for float32 and int32 but not for bool. */
export const inNumber = <A = object>(write: Write<A>): Write<A> => computedIn(numberType, write);

/** The type that holds all operands' numbers. */
export function numberType(operands: readonly Pick<Value, "dtype">[]): "float32" | "int32" {
  return operands.some(({ dtype }) => dtype === "float32") ? "float32" : "int32";
}

/** tfjs-core types every input as possibly absent; only those that it marks optional are. */
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
 * Records one operation; an empty result is known at once. ONNX Runtime's kernels are not to be trusted with arrays of
 * no elements (its Conv never ends): what other result there is of them, a kernel has to say before it comes here.
 */
export function record<A extends object>(
  recorder: Recorder,
  recorded: WrittenOperation<A>,
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
    `${name} of a tensor without elements [${source.join()}] to [${result.join()}] has no meaning.`,
  );
}

/** A leaf with these numbers. */
export function constant(recorder: Recorder, values: Iterable<number>, result: ResultType): TensorInfo {
  if (result.dtype === "float32") return recorder.constant(Float32Array.from(values), result);
  return recorder.constant(result.dtype === "int32" ? Int32Array.from(values) : Uint8Array.from(values), result);
}

/** Whether a tensor of this shape has no elements. */
export function isEmpty(shape: readonly number[]): boolean {
  return shape.includes(0);
}
