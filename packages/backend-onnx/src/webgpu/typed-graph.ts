import type { GraphEmitter, OnnxAttribute } from "../graph/graph.ts";
import { ONNX_TYPES, type OnnxType } from "../graph/onnx-type.ts";
import type { ValueType } from "./value-type.ts";

/** A node before it is written. */
export interface NodeCall {
  readonly operatorType: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  /** What is known of the inputs. */
  readonly operands: readonly ValueType[];
  /** How many outputs are asked for. */
  readonly outputs: number;
}

/** A graph being written, with what is known of its values. */
export interface TypedGraph extends GraphEmitter {
  typeOf(name: string): ValueType;
  /** The numbers of an int64 constant; undefined for any other value. */
  constant(name: string): readonly number[] | undefined;
}

/** Writes other nodes in place of one, and gives the names of its outputs; undefined where the node may stay. */
export type Replacement = (graph: TypedGraph, call: NodeCall) => readonly string[] | undefined;

/** Replacements by ONNX operator type. */
export type Replacements = Readonly<Record<string, Replacement>>;

/** Writes the conversion of a value, if it needs one. */
export function converted(graph: TypedGraph, name: string, to: OnnxType): string {
  return graph.typeOf(name).type === to ? name : graph.apply("Cast", [name], { to: ONNX_TYPES[to] });
}

/** The number of an attribute, integer or float. */
export function numberOf(attribute: OnnxAttribute | undefined, otherwise: number): number {
  if (typeof attribute === "number") return attribute;
  if (typeof attribute === "object" && "float" in attribute) return attribute.float;
  return otherwise;
}
