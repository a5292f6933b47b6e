import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { NameTable } from "../graph/name-table.ts";
import { ONNX_TYPES } from "../graph/onnx-type.ts";
import type { Kernel } from "../kernel.ts";
import { kernel, type OnnxOperation, operation, record } from "../kernels/tools/operation.ts";
import { type CustomOperator, customDomain } from "../ort/custom-operator.ts";
import type { OrtLibrary, Pointer } from "../ort/ort-library.ts";
import type { OrtSession } from "../ort/ort-session.ts";

interface Product {
  readonly rows: number;
  readonly columns: number;
  /** Equal for products that may share a packed copy. Default: none share it. */
  readonly key?: string;
  /**
   * Packs the matrix into a session that multiplies its input i0 [n, columns] by the transpose of the matrix. Its output
   * o0 is the product [n, rows]. Called at the first product.
   */
  open(): OrtSession;
  /** Releases what {@link open} reads. Called at least once, after the session is released. */
  release(): void;
}

interface KeptProduct {
  readonly owner: object;
  product: Product;
  /** Number of times that the product was kept. */
  uses: number;
  session?: OrtSession;
}

/** Products by number. A graph gets the number as the content of a tensor, so that all its matrices share one graph. */
const products = new Map<number, KeptProduct>();
let last = 0;

/**
 * Keeps a product, and returns its number. If the owner, a backend, has kept a product with the same key, one of the two
 * is released, and the number is that of the earlier one.
 */
export function keepProduct(owner: object, product: Product): number {
  for (const [number, kept] of products) {
    if (product.key === undefined || kept.owner !== owner || kept.product.key !== product.key) continue;
    kept.uses++;
    // Until it is packed the new one stays, since the models that hold the earlier one are often about to be closed.
    const [stays, goes] = kept.session ? [kept.product, product] : [product, kept.product];
    kept.product = stays;
    goes.release();
    return number;
  }
  products.set(++last, { owner, product, uses: 1 });
  return last;
}

/** Releases a product once it has been dropped as often as it was kept. */
export function dropProduct(number: number): void {
  const kept = products.get(number);
  if (kept === undefined || --kept.uses > 0) return;
  products.delete(number);
  kept.session?.release();
  kept.product.release();
}

function sessionOf(kept: KeptProduct): OrtSession {
  kept.session ??= kept.product.open();
  return kept.session;
}

const DOMAIN = "mlan";
const NAME = "MatMulQuantized";

let domain: Pointer | undefined;

/** The operator "MatMulQuantized" runs the matrix's session inside the graph that is running. */
const MATMUL_QUANTIZED: OnnxOperation = {
  ...operation(NAME, (_, x, packed) => [NAME, [x, packed], {}, DOMAIN]),
  prepareSession: (library, options) => {
    domain ??= customDomain(library, DOMAIN, [operator(library)]);
    library.call.AddCustomOpDomain(options, domain);
  },
};

/** `x` [n, columns] times the transpose of a packed matrix: [n, rows]. */
export const MATMUL_QUANTIZED_KERNEL: Kernel = kernel<{ x: TensorInfo; packed: TensorInfo }>(
  NAME,
  ({ x, packed }, _, recorder) => {
    const number = recorder.value(packed).storage?.view()[0] ?? 0;
    const kept = products.get(number);
    if (kept === undefined) throw new Error("MatMulQuantized reads a matrix that QuantizedMatrix did not make");
    const { rows, columns } = kept.product;
    const [n = 0, inner] = x.shape;
    if (x.shape.length !== 2 || inner !== columns)
      throw new BackendError(
        "unsupported",
        `a quantized matrix [${rows}, ${columns}] cannot multiply [${x.shape.join()}]. Give it [n, ${columns}].`,
      );
    // Packed here, so that an error is that of this call and not of the graph.
    sessionOf(kept);
    return record(recorder, MATMUL_QUANTIZED, [x, packed], { shape: [n, rows], dtype: "float32" });
  },
);

const FLOAT_BYTES = 4;

function operator(library: OrtLibrary): CustomOperator {
  const { call, create } = library;
  const [inputs, outputs] = [new NameTable("i"), new NameTable("o")];
  for (const table of [inputs, outputs]) table.reserve(1);
  const shape = new BigInt64Array(2);
  return {
    name: NAME,
    inputs: [ONNX_TYPES.float32, ONNX_TYPES.int32],
    outputs: [ONNX_TYPES.float32],
    compute(context) {
      const x = create("KernelContext_GetInput", context, 0);
      const number = library.int32At(create("GetTensorMutableData", create("KernelContext_GetInput", context, 1)));
      const kept = products.get(number);
      if (kept === undefined) throw new Error(`there is no quantized matrix ${number}`);
      const { rows, columns } = kept.product;
      const session = sessionOf(kept);
      shape[0] = create("GetTensorSizeInBytes", x) / BigInt(FLOAT_BYTES * columns);
      shape[1] = BigInt(rows);
      inputs.values[0] = x;
      outputs.values[0] = create("KernelContext_GetOutput", context, 0, shape, shape.length);
      call.Run(session.handle, null, inputs.addresses, inputs.values, 1, outputs.addresses, 1, outputs.values);
    },
  };
}
