import type { ElementType, OnnxAttribute } from "../graph/graph.ts";
import { onnxWriter, type OnnxWriter, type WrittenNode } from "../graph/onnx-writer.ts";
import { REPLACEMENTS } from "./replacements.ts";
import type { TypedGraph } from "./typed-graph.ts";
import { typeOfOutput, type ValueType } from "./value-type.ts";

type NodeAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Writes graphs for the WebGPU provider. Replaces nodes that the provider lacks or computes incorrectly. */
export function webgpuWriter(written?: (node: WrittenNode) => void): OnnxWriter {
  return new ReplacingWriter(onnxWriter(written));
}

class ReplacingWriter implements OnnxWriter, TypedGraph {
  readonly float64 = false;
  readonly #writer: OnnxWriter;
  readonly #types = new Map<string, ValueType>();
  readonly #constants = new Map<string, readonly number[]>();

  constructor(writer: OnnxWriter) {
    this.#writer = writer;
  }

  label(name: string): void {
    this.#writer.label(name);
  }

  input(name: string, shape: readonly number[] | undefined, dtype: ElementType): void {
    this.#types.set(name, { type: dtype, shape });
    this.#writer.input(name, shape, dtype);
  }

  output(name: string, shape: readonly number[] | undefined, dtype: ElementType): void {
    this.#types.set(name, { type: dtype, shape });
    this.#writer.output(name, shape, dtype);
  }

  initializer(name: string, shape: readonly number[], dtype: ElementType): void {
    this.#types.set(name, { type: dtype, shape });
    this.#writer.initializer(name, shape, dtype);
  }

  value(name: string, shape: readonly number[], dtype: ElementType): void {
    this.#types.set(name, { type: dtype, shape });
  }

  node(
    operatorType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: NodeAttributes = {},
    domain = "",
  ): void {
    const results = this.#replacement(operatorType, inputs, attributes, outputs.length);
    if (results === undefined) {
      this.#write(operatorType, inputs, outputs, attributes, domain);
      return;
    }
    outputs.forEach((output, index) => {
      const result = results[index];
      if (result !== undefined) this.#rename(result, output);
    });
  }

  apply(operatorType: string, inputs: readonly string[], attributes: NodeAttributes = {}, domain = ""): string {
    const [result] = this.#replacement(operatorType, inputs, attributes, 1) ?? [];
    if (result !== undefined) return result;
    const output = this.temporary();
    this.#write(operatorType, inputs, [output], attributes, domain);
    return output;
  }

  scan(): never {
    throw new Error("only matrices in 16 bits are read in parts, and there are none on WebGPU");
  }

  int64(values: readonly number[]): string {
    const name = this.#writer.int64(values);
    this.#types.set(name, { type: "int64", shape: [values.length] });
    this.#constants.set(name, values);
    return name;
  }

  int64Scalar(value: number): string {
    const name = this.#writer.int64Scalar(value);
    this.#types.set(name, { type: "int64", shape: [] });
    this.#constants.set(name, [value]);
    return name;
  }

  scalar(value: number, dtype: ElementType): string {
    const name = this.#writer.scalar(value, dtype);
    this.#types.set(name, { type: dtype, shape: [] });
    return name;
  }

  temporary(): string {
    return this.#writer.temporary();
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }

  typeOf(name: string): ValueType {
    // An omitted optional input.
    if (name === "") return { type: "float32", shape: undefined };
    const type = this.#types.get(name);
    if (type === undefined) throw new Error(`the type of the value ${name} is unknown`);
    return type;
  }

  constant(name: string): readonly number[] | undefined {
    return this.#constants.get(name);
  }

  #replacement(
    operatorType: string,
    inputs: readonly string[],
    attributes: NodeAttributes,
    outputs: number,
  ): readonly string[] | undefined {
    const operands = inputs.map((input) => this.typeOf(input));
    return REPLACEMENTS[operatorType]?.(this, { operatorType, inputs, attributes, operands, outputs });
  }

  #write(
    operatorType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: NodeAttributes,
    domain: string,
  ): void {
    const operands = inputs.map((input) => this.typeOf(input));
    outputs.forEach((output, index) => {
      // compile.ts has already declared the type of an operation's result.
      if (!this.#types.has(output)) this.#types.set(output, typeOfOutput(operatorType, operands, attributes, index));
    });
    this.#writer.node(operatorType, inputs, outputs, attributes, domain);
  }

  /** Gives a value a second name through a node that leaves it unchanged. */
  #rename(from: string, to: string): void {
    const { type } = this.typeOf(from);
    // Identity has no WebGPU kernel for booleans.
    if (type === "bool") this.#write("And", [from, from], [to], {}, "");
    else this.#write("Identity", [from], [to], {}, "");
  }
}
