import type { ElementType, GraphEmitter, OnnxAttribute } from "./graph.ts";
import { protobufWriter, type ProtobufWriter } from "./protobuf-writer.ts";
import { ONNX_TYPES, type OnnxType } from "./onnx-type.ts";

/** Writes one ONNX model with one graph (onnx.proto, IR version 10). */
export interface OnnxWriter extends GraphEmitter {
  /** Sets the name of all further nodes. ONNX Runtime's errors include it. */
  label(name: string): void;
  /** Adds an input of the graph. An undefined shape means any shape. */
  input(name: string, shape: readonly number[] | undefined, dtype: OnnxType): void;
  output(name: string, shape: readonly number[] | undefined, dtype: ElementType): void;
  /** A constant whose values are passed to the session separately from the model. */
  initializer(name: string, shape: readonly number[], dtype: OnnxType, place?: InitializerPlace): void;
  /** Declares the type of an intermediate value. Only writers that replace nodes need it. */
  value(name: string, shape: readonly number[], dtype: ElementType): void;
  /** Returns the whole model. Nothing may be added afterwards. */
  finish(): Uint8Array;
}

const IR_VERSION = 10;
/** The opset with the most CPU and WebGPU kernels in ONNX Runtime 1.30. */
const OPSET = 21;

// Field numbers of onnx.proto.
const MODEL = { irVersion: 1, graph: 7, opsetImport: 8 };
const OPSET_ID = { domain: 1, version: 2 };
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, name: 3, operatorType: 4, attribute: 5, domain: 7 };
const ATTRIBUTE = { name: 1, float: 2, integer: 3, text: 4, graph: 6, integers: 8, type: 20 };
const ATTRIBUTE_TYPE = { float: 1, integer: 2, text: 3, graph: 5, integers: 7 };
const TENSOR = { dimension: 1, dataType: 2, name: 8, rawData: 9, externalData: 13, dataLocation: 14 };
const STRING_ENTRY = { key: 1, value: 2 };
const EXTERNAL = 1;
const VALUE_INFO = { name: 1, type: 2 };
const TYPE = { tensor: 1 };
const TENSOR_TYPE = { elementType: 1, shape: 2 };
const SHAPE = { dimension: 1 };
const DIMENSION = { value: 1 };

/** Part of a file in the session's folder of constants. */
export interface InitializerPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A node before ONNX Runtime optimizes the graph. */
export interface WrittenNode {
  readonly name: string;
  readonly operatorType: string;
}

/** Creates a writer. `written` is called for every node. */
export function onnxWriter(written?: (node: WrittenNode) => void): OnnxWriter {
  return new ModelWriter(written);
}

class ModelWriter implements OnnxWriter {
  readonly float64 = true;
  readonly #proto: ProtobufWriter = protobufWriter();
  /** Names of constants by value. The body of a scan is a separate graph with separate constants. */
  #constants = new Map<string, string>();
  #constantCount = 0;
  readonly #graph: number;
  readonly #written: ((node: WrittenNode) => void) | undefined;
  #label = "";
  #nodes = 0;
  #temporaries = 0;
  /** The domains of all nodes, including the domain of the nodes that ONNX Runtime's optimizations add. */
  readonly #domains = new Set(["", "com.microsoft"]);

  constructor(written: ((node: WrittenNode) => void) | undefined) {
    this.#written = written;
    this.#proto.integer(MODEL.irVersion, IR_VERSION);
    this.#graph = this.#proto.begin(MODEL.graph);
    this.#proto.text(GRAPH.name, "recorded");
  }

  label(name: string): void {
    this.#label = name;
  }

  node(
    operatorType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain = "",
  ): void {
    this.#domains.add(domain);
    const mark = this.#beginNode(operatorType, inputs, outputs, attributes);
    if (domain !== "") this.#proto.text(NODE.domain, domain);
    this.#proto.end(mark);
  }

  scan(input: string, type: OnnxType, axis: number, body: (element: string) => string): string {
    const proto = this.#proto;
    const [element, results] = [this.temporary(), this.temporary()];
    const node = this.#beginNode("Scan", [input], [results], { num_scan_inputs: 1, scan_output_axes: [axis] });
    const attribute = proto.begin(NODE.attribute);
    proto.text(ATTRIBUTE.name, "body");
    proto.integer(ATTRIBUTE.type, ATTRIBUTE_TYPE.graph);
    const graph = proto.begin(ATTRIBUTE.graph);
    proto.text(GRAPH.name, "body");
    const outside = this.#constants;
    this.#constants = new Map();
    this.input(element, undefined, type);
    this.output(body(element), undefined, "float32");
    this.#constants = outside;
    for (const mark of [graph, attribute, node]) proto.end(mark);
    return results;
  }

  apply(
    operatorType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): string {
    const output = this.temporary();
    this.node(operatorType, inputs, [output], attributes, domain);
    return output;
  }

  int64(values: readonly number[]): string {
    return this.#constant(`i[${values.join()}]`, ONNX_TYPES.int64, [values.length], () =>
      bytesOf(BigInt64Array.from(values, BigInt)),
    );
  }

  int64Scalar(value: number): string {
    return this.#constant(`i${value}`, ONNX_TYPES.int64, [], () => bytesOf(BigInt64Array.of(BigInt(value))));
  }

  scalar(value: number, dtype: ElementType): string {
    const sign = Object.is(value, -0) ? "-" : "";
    return this.#constant(`${dtype}${sign}${value}`, ONNX_TYPES[dtype], [], () => scalarBytes(value, dtype));
  }

  temporary(): string {
    return `t${this.#temporaries++}`;
  }

  input(name: string, shape: readonly number[] | undefined, dtype: OnnxType): void {
    this.#valueInfo(GRAPH.input, name, shape, dtype);
  }

  output(name: string, shape: readonly number[] | undefined, dtype: ElementType): void {
    this.#valueInfo(GRAPH.output, name, shape, dtype);
  }

  value(): void {}

  initializer(name: string, shape: readonly number[], dtype: OnnxType, place?: InitializerPlace): void {
    const proto = this.#proto;
    const mark = proto.begin(GRAPH.initializer);
    for (const dimension of shape) proto.integer(TENSOR.dimension, dimension);
    proto.integer(TENSOR.dataType, ONNX_TYPES[dtype]);
    proto.text(TENSOR.name, name);
    // Without a place, the values are passed to the session under this name, and no such file is opened.
    for (const [key, value] of Object.entries(place ?? { location: name })) {
      const entry = proto.begin(TENSOR.externalData);
      proto.text(STRING_ENTRY.key, key);
      proto.text(STRING_ENTRY.value, String(value));
      proto.end(entry);
    }
    proto.integer(TENSOR.dataLocation, EXTERNAL);
    proto.end(mark);
  }

  finish(): Uint8Array {
    this.#proto.end(this.#graph);
    for (const domain of this.#domains) this.#opset(domain, domain === "" ? OPSET : 1);
    return this.#proto.finish();
  }

  /** Writes a node without its domain. The caller ends the message. */
  #beginNode(
    operatorType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
  ): number {
    const proto = this.#proto;
    const mark = proto.begin(GRAPH.node);
    for (const input of inputs) proto.text(NODE.input, input);
    for (const output of outputs) proto.text(NODE.output, output);
    // ONNX Runtime rejects two nodes with the same name.
    const name = this.#label === "" ? "" : `${this.#label} #${this.#nodes++}`;
    if (name !== "") proto.text(NODE.name, name);
    this.#written?.({ name, operatorType });
    proto.text(NODE.operatorType, operatorType);
    for (const name in attributes) this.#attribute(name, attributes[name]);
    return mark;
  }

  #opset(domain: string, version: number): void {
    const mark = this.#proto.begin(MODEL.opsetImport);
    this.#proto.text(OPSET_ID.domain, domain);
    this.#proto.integer(OPSET_ID.version, version);
    this.#proto.end(mark);
  }

  #attribute(name: string, value: OnnxAttribute | undefined): void {
    if (value === undefined) return;
    const proto = this.#proto;
    const mark = proto.begin(NODE.attribute);
    proto.text(ATTRIBUTE.name, name);
    if (typeof value === "number") {
      proto.integer(ATTRIBUTE.integer, value);
      proto.integer(ATTRIBUTE.type, ATTRIBUTE_TYPE.integer);
    } else if (typeof value === "string") {
      proto.text(ATTRIBUTE.text, value);
      proto.integer(ATTRIBUTE.type, ATTRIBUTE_TYPE.text);
    } else if ("float" in value) {
      proto.float(ATTRIBUTE.float, value.float);
      proto.integer(ATTRIBUTE.type, ATTRIBUTE_TYPE.float);
    } else {
      for (const integer of value) proto.integer(ATTRIBUTE.integers, integer);
      proto.integer(ATTRIBUTE.type, ATTRIBUTE_TYPE.integers);
    }
    proto.end(mark);
  }

  /** Writes an initializer unless one with the same key, and therefore the same values, exists. */
  #constant(key: string, type: number, shape: readonly number[], bytes: () => Uint8Array): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `c${this.#constantCount++}`;
    this.#constants.set(key, name);
    const proto = this.#proto;
    const mark = proto.begin(GRAPH.initializer);
    for (const dimension of shape) proto.integer(TENSOR.dimension, dimension);
    proto.integer(TENSOR.dataType, type);
    proto.text(TENSOR.name, name);
    proto.bytes(TENSOR.rawData, bytes());
    proto.end(mark);
    return name;
  }

  #valueInfo(field: number, name: string, shape: readonly number[] | undefined, dtype: OnnxType): void {
    const proto = this.#proto;
    const info = proto.begin(field);
    proto.text(VALUE_INFO.name, name);
    const type = proto.begin(VALUE_INFO.type);
    const tensor = proto.begin(TYPE.tensor);
    proto.integer(TENSOR_TYPE.elementType, ONNX_TYPES[dtype]);
    if (shape !== undefined) {
      const dimensions = proto.begin(TENSOR_TYPE.shape);
      for (const length of shape) {
        const dimension = proto.begin(SHAPE.dimension);
        proto.integer(DIMENSION.value, length);
        proto.end(dimension);
      }
      proto.end(dimensions);
    }
    proto.end(tensor);
    proto.end(type);
    proto.end(info);
  }
}

function scalarBytes(value: number, dtype: ElementType): Uint8Array {
  if (dtype === "float32") return bytesOf(Float32Array.of(value));
  if (dtype === "int32") return bytesOf(Int32Array.of(value));
  return Uint8Array.of(value === 0 ? 0 : 1);
}

// ONNX stores raw data in little-endian order, the native order of all ONNX Runtime platforms.
function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
