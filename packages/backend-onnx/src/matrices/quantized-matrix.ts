import type { TensorInfo } from "@tensorflow/tfjs-core";
import { openSession } from "../devices/device-session.ts";
import { BackendError } from "../backend-error.ts";
import type { ElementType, Storage } from "../graph/graph.ts";
import type { StoredType } from "../graph/onnx-type.ts";
import { onnxWriter } from "../graph/onnx-writer.ts";
import type { Kernel } from "../kernel.ts";
import { kernel, operation, type OutputNode, record } from "../kernels/tools/operation.ts";
import type { OnnxBackend } from "../onnx-backend.ts";
import type { OrtSession } from "../ort/ort-session.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import { addFrozen } from "../sessions/session-runner.ts";
import { type ConstantPlaces, constantPlaces } from "./constant-places.ts";
import { dropProduct, keepProduct } from "./quantized-product.ts";
import { inHugePages } from "../memory/huge-pages.ts";
import { openMapped } from "../memory/mapped-file.ts";
import { dropPrivatePages } from "../memory/private-pages.ts";
import { wrapStorage } from "../memory/storage.ts";
import { type FilePlace, type MatrixSource, openMatrix } from "./matrix-source.ts";

/** Sizes of a matrix [rows, columns] with `bits` per value. Blocks of `blockSize` columns share a scale. */
interface QuantizedSizes {
  readonly rows: number;
  readonly columns: number;
  readonly bits: 4 | 8;
  readonly blockSize: number;
}

interface QuantizedMatrixAttributes extends QuantizedSizes {
  /**
   * Codes [rows, blocks, blockSize * bits / 8], the first in the lowest bits. A value is (code - 2 ** (bits - 1)) *
   * scale.
   */
  readonly codes: MatrixSource;
  /** Scales [rows, blocks], float32. */
  readonly scales: Float32Array | FilePlace;
}

/**
 * The accuracy level of MatMulNBits that also quantizes the input's blocks to 8 bits, for products with integer
 * instructions.
 */
const INTEGER_PRODUCTS = 4;

/** Minimum size in bytes of a packed matrix that is moved into huge pages. */
const LARGE = 2 ** 22;

/**
 * Returns codes and scales for "WidenQuantized", and the packed matrix for "MatMulQuantized". ONNX Runtime packs a copy
 * of the codes for its products and needs the codes as constants: as inputs of a graph they are hundreds of times
 * slower. Each matrix therefore has its own session, which all graphs share and which the first product opens: a matrix
 * that is only widened, as in training, is never packed, and matrices at the same place of a file share a packed copy.
 * Returns no tensors on a device other than the CPU.
 */
export function quantizedMatrix(backend: OnnxBackend, attributes: QuantizedMatrixAttributes): TensorInfo[] {
  if (backend.device.provider !== "cpu") return [];
  const { codes, scales, ...sizes } = attributes;
  const { rows, columns, bits, blockSize } = sizes;
  checkBlockSize(blockSize);
  const blocks = Math.ceil(columns / blockSize);
  const shape = [rows, blocks, (blockSize * bits) / 8];
  const infos: TensorInfo[] = [];
  const leaf = (storage: Storage, shape: number[], dtype: ElementType, type?: StoredType): TensorInfo => {
    const info = { dataId: backend.adoptLeaf(storage, shape, dtype, type), shape, dtype };
    infos.push(info);
    return info;
  };
  const before = constantPlaces([codes, scales]);
  let places: ConstantPlaces | undefined;
  let operands: readonly RecordedValue[];
  try {
    leaf(openMatrix(backend.runtime, codes, shape, "uint8"), shape, "int32", "uint8");
    leaf(openScales(backend, scales, [rows, blocks]), [rows, blocks], "float32");
    operands = infos.map(({ dataId }) => backend.data.value(dataId));
    // If the file was replaced before it was mapped, nothing is shared and the mapped memory is packed.
    if (before !== undefined && constantPlaces([codes, scales])?.key === before.key) places = before;
  } catch (error) {
    for (const info of infos) backend.disposeIntermediate(info);
    throw error;
  }
  // The session reads codes and scales when it is opened. Unless it maps their file itself, it may read them as long as it
  // exists, although it has packed a copy of most of them.
  let held = operands;
  for (const operand of held) operand.owners++;
  const release = (): void => {
    for (const operand of held) backend.recording.drop(operand);
    held = [];
  };
  const byteLength = shape.reduce((product, length) => product * length);
  const product = keepProduct(backend, {
    rows,
    columns,
    ...(places && { key: [rows, columns, bits, blockSize, places.key].join() }),
    open() {
      const current = places?.areCurrent() ? places : undefined;
      const open = (): OrtSession => openProduct(backend, sizes, operands, current);
      const session = byteLength < LARGE ? open() : inHugePages(open);
      for (const { storage } of operands) storage?.dropPages?.();
      // Scales are packed too, but ONNX Runtime keeps them mapped.
      const [, ofScales] = current?.all ?? [];
      if (ofScales) dropPrivatePages(ofScales.path, ofScales.place.offset);
      if (current) release();
      return session;
    },
    release,
  });
  const number = wrapStorage(backend.runtime, Int32Array.of(product), [1], "int32");
  const packed: Storage = {
    handle: number.handle,
    byteLength: 0,
    onDevice: false,
    view: () => number.view(),
    release: () => {
      dropProduct(product);
      number.release();
    },
  };
  return [...infos, { dataId: backend.adoptLeaf(packed, [1], "int32"), shape: [1], dtype: "int32" }];
}

/** Checks what ONNX Runtime would refuse at the first product. */
function checkBlockSize(blockSize: number): void {
  if (Number.isInteger(Math.log2(blockSize)) && blockSize >= 16) return;
  throw new BackendError(
    "unsupported",
    `a quantized matrix has blocks of ${blockSize} values. Use a power of two, 16 or more.`,
  );
}

function openScales({ runtime, device }: OnnxBackend, scales: Float32Array | FilePlace, shape: number[]): Storage {
  if (scales instanceof Float32Array) return device.write(scales, shape, "float32");
  const byteLength = shape.reduce((product, length) => product * length, 4);
  return openMapped(runtime, { ...scales, byteLength }, shape, "float32");
}

/** Converts a quantized matrix to float32, for gradients. ONNX Runtime's operator for this is four times slower. */
const WIDEN_QUANTIZED = operation<QuantizedSizes>(
  "WidenQuantized",
  ({ graph, attributes: { rows, columns, bits, blockSize }, operands: [, scales] }, codes, factors) => {
    const blocks = scales?.shape[1] ?? 1;
    const zeroPoint = 2 ** (bits - 1);
    const bytes = graph.apply("Cast", [codes], { to: 1 });
    const centered = (code: string): string => graph.apply("Sub", [code, graph.scalar(zeroPoint, "float32")]);
    const values = bits === 8 ? centered(bytes) : centered(halves(bytes));
    const blocked = graph.apply("Reshape", [values, graph.int64([rows, blocks, blockSize])]);
    const scaled = graph.apply("Mul", [blocked, graph.apply("Unsqueeze", [factors, graph.int64([2])])]);
    const whole: OutputNode = ["Reshape", [scaled, graph.int64([rows, blocks * blockSize])]];
    // A slice of all columns would be a second copy.
    if (columns === blocks * blockSize) return whole;
    const padded = graph.apply(...whole);
    return ["Slice", [padded, graph.int64([0]), graph.int64([columns]), graph.int64([1])]];

    /** Splits each byte into its low and its high four bits, side by side. */
    function halves(given: string): string {
      const high = graph.apply("Floor", [graph.apply("Mul", [given, graph.scalar(1 / 16, "float32")])]);
      const low = graph.apply("Sub", [given, graph.apply("Mul", [high, graph.scalar(16, "float32")])]);
      const columnsOf = [low, high].map((half) => graph.apply("Unsqueeze", [half, graph.int64([3])]));
      return graph.apply("Concat", columnsOf, { axis: 3 });
    }
  },
);

export const WIDEN_QUANTIZED_KERNEL: Kernel = kernel<{ codes: TensorInfo; scales: TensorInfo }, QuantizedSizes>(
  "WidenQuantized",
  ({ codes, scales }, { rows, columns, bits, blockSize }, recorder) =>
    record(
      recorder,
      WIDEN_QUANTIZED,
      [codes, scales],
      { shape: [rows, columns], dtype: "float32" },
      { rows, columns, bits, blockSize },
    ),
);

function openProduct(
  { device, sessions: { optimization } }: OnnxBackend,
  { rows, columns, bits, blockSize }: QuantizedSizes,
  operands: readonly RecordedValue[],
  places: ConstantPlaces | undefined,
): OrtSession {
  const writer = onnxWriter();
  writer.label("MatMulQuantized");
  writer.input("i0", undefined, "float32");
  const constants = operands.flatMap(({ storage }) => storage ?? []);
  operands.forEach(({ shape, dtype, storedType }, index) => {
    const [place, length] = [places?.all[index]?.place, constants[index]?.byteLength ?? 0];
    writer.initializer(`f${index}`, shape, storedType ?? dtype, place && { ...place, length });
  });
  const sizes = { K: columns, N: rows, bits, block_size: blockSize, accuracy_level: INTEGER_PRODUCTS };
  writer.node("MatMulNBits", ["i0", "f0", "f1"], ["o0"], sizes, "com.microsoft");
  writer.output("o0", undefined, "float32");
  return openSession(device, optimization, writer.finish(), (library, options) => {
    // ONNX Runtime maps the files while it packs them. It would keep a copy of data given in memory.
    if (places) library.call.AddSessionConfigEntry(options, FOLDER_OF_CONSTANTS, places.folder);
    else addFrozen(library, options, constants);
  });
}

/** The session option for the folder of constants of models that are not in a file. */
const FOLDER_OF_CONSTANTS = "session.model_external_initializers_file_folder_path";
