import type { GraphEmitter, OnnxAttribute } from "../graph/graph.ts";
import { ONNX_TYPES, type OnnxType } from "../graph/onnx-type.ts";
import type { ValueType } from "./value-type.ts";

/** A node that is about to be written. */
export interface NodeCall {
  readonly operatorType: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  /** Types of the inputs. */
  readonly operands: readonly ValueType[];
  readonly outputs: number;
}

/** A graph that is being written, with the types of its values. */
export interface TypedGraph extends GraphEmitter {
  typeOf(name: string): ValueType;
  /** Returns the numbers of an int64 constant; undefined for any other value. */
  constant(name: string): readonly number[] | undefined;
}

/** Writes other nodes instead of a node and returns the names of their outputs. Returns undefined to keep the node. */
export type Replacement = (graph: TypedGraph, call: NodeCall) => readonly string[] | undefined;

/** Replacements by ONNX operator type. */
export type Replacements = Readonly<Record<string, Replacement>>;

/** Casts a value unless it already has the type. Returns the name of the result. */
export function converted(graph: TypedGraph, name: string, to: OnnxType): string {
  return graph.typeOf(name).type === to ? name : graph.apply("Cast", [name], { to: ONNX_TYPES[to] });
}

/** Returns the value of an integer or float attribute. */
export function numberOf(attribute: OnnxAttribute | undefined, otherwise: number): number {
  if (typeof attribute === "number") return attribute;
  if (typeof attribute === "object" && "float" in attribute) return attribute.float;
  return otherwise;
}
