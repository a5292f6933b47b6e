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
  /**
   * Packs the matrix into a session that multiplies its input i0 [n, columns] by the transpose of the matrix. Its output
   * o0 is the product [n, rows]. Called at the first product.
   */
  open(): OrtSession;
}

interface KeptProduct extends Product {
  session?: OrtSession;
}

/** Products by number. A graph gets the number as the content of a tensor, so that all its matrices share one graph. */
const products = new Map<number, KeptProduct>();
let last = 0;

/** Keeps a product, and returns its number. */
export function keepProduct(product: Product): number {
  products.set(++last, { ...product });
  return last;
}

/** Releases the session of a product. */
export function dropProduct(number: number): void {
  products.get(number)?.session?.release();
  products.delete(number);
}

function sessionOf(product: KeptProduct): OrtSession {
  product.session ??= product.open();
  return product.session;
}

const DOMAIN = "mlan";
const NAME = "MatMulQuantised";

let domain: Pointer | undefined;

/** The operator "MatMulQuantised" runs the matrix's session inside the graph that is running. */
const MATMUL_QUANTISED: OnnxOperation = {
  ...operation(NAME, (_, x, packed) => [NAME, [x, packed], {}, DOMAIN]),
  prepareSession: (library, options) => {
    domain ??= customDomain(library, DOMAIN, [operator(library)]);
    library.call.AddCustomOpDomain(options, domain);
  },
};

/** `x` [n, columns] times the transpose of a packed matrix: [n, rows]. */
export const MATMUL_QUANTISED_KERNEL: Kernel = kernel<{ x: TensorInfo; packed: TensorInfo }>(
  NAME,
  ({ x, packed }, _, recorder) => {
    const number = recorder.value(packed).storage?.view()[0] ?? 0;
    const product = products.get(number);
    if (product === undefined) throw new Error("MatMulQuantised reads a matrix that QuantisedMatrix did not make");
    const { rows, columns } = product;
    const [n = 0, inner] = x.shape;
    if (x.shape.length !== 2 || inner !== columns)
      throw new BackendError(
        "unsupported",
        `a quantised matrix [${rows}, ${columns}] cannot multiply [${x.shape.join()}]. Give it [n, ${columns}].`,
      );
    // Packed here, so that an error is that of this call and not of the graph.
    sessionOf(product);
    return record(recorder, MATMUL_QUANTISED, [x, packed], { shape: [n, rows], dtype: "float32" });
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
      const product = products.get(number);
      if (product === undefined) throw new Error(`there is no quantised matrix ${number}`);
      const { rows, columns } = product;
      const session = sessionOf(product);
      shape[0] = create("GetTensorSizeInBytes", x) / BigInt(FLOAT_BYTES * columns);
      shape[1] = BigInt(rows);
      inputs.values[0] = x;
      outputs.values[0] = create("KernelContext_GetOutput", context, 0, shape, shape.length);
      call.Run(session.handle, null, inputs.addresses, inputs.values, 1, outputs.addresses, 1, outputs.values);
    },
  };
}
