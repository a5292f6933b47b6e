import type { Kernel } from "../kernel.ts";
import { ACTIVATION_KERNELS } from "./elementwise/activation.ts";
import { ARITHMETIC_KERNELS } from "./elementwise/arithmetic.ts";
import { BATCH_NORMALIZATION_KERNELS } from "./reduction/batch-normalization.ts";
import { BLOCK_KERNELS } from "./indexing/blocks.ts";
import { CAST_KERNELS } from "./elementwise/cast.ts";
import { COMPARISON_KERNELS } from "./elementwise/comparison.ts";
import { CONCAT_KERNELS } from "./indexing/concat.ts";
import { CONVOLUTION_KERNELS } from "./window/convolution.ts";
import { COUNTING_KERNELS } from "./reduction/counting.ts";
import { CUMULATIVE_PRODUCT_KERNELS } from "./reduction/cumulative-product.ts";
import { DEPTHWISE_CONVOLUTION_KERNELS } from "./window/depthwise-convolution.ts";
import { DIAGONAL_KERNELS } from "./indexing/diagonal.ts";
import { DILATION_KERNELS } from "./window/dilation.ts";
import { EINSUM_KERNELS } from "./matrix/einsum.ts";
import { FILL_KERNELS } from "./indexing/fill.ts";
import { GATHER_KERNELS } from "./indexing/gather.ts";
import { LOCAL_RESPONSE_KERNELS } from "./window/local-response.ts";
import { MATMUL_KERNELS } from "./matrix/matmul.ts";
import { MAX_POOL_ARGMAX_KERNELS } from "./window/max-pool-argmax.ts";
import { MULTINOMIAL_KERNELS } from "./reduction/multinomial.ts";
import { ONE_HOT_KERNELS } from "./indexing/one-hot.ts";
import { ORDERING_KERNELS } from "./reduction/ordering.ts";
import { PAD_KERNELS } from "./indexing/pad.ts";
import { POOLING_KERNELS } from "./window/pooling.ts";
import { REDUCTION_KERNELS } from "./reduction/reduction.ts";
import { RESIZE_KERNELS } from "./window/resize.ts";
import { SCATTER_KERNELS } from "./indexing/scatter.ts";
import { SELECT_KERNELS } from "./elementwise/select.ts";
import { SHAPE_KERNELS } from "./indexing/shape.ts";
import { SLICE_KERNELS } from "./indexing/slice.ts";
import { SOFTMAX_KERNELS } from "./reduction/softmax.ts";
import { SORTED_SEARCH_KERNELS } from "./indexing/sorted-search.ts";
import { TILE_KERNELS } from "./indexing/tile.ts";
import { TRANSFORMER_KERNELS } from "./matrix/transformer.ts";
import { TRANSPOSE_KERNELS } from "./indexing/transpose.ts";
import { UNARY_KERNELS } from "./elementwise/unary.ts";
import { UNIQUE_KERNELS } from "./indexing/unique.ts";
import { WIDEN_QUANTIZED_KERNEL } from "../matrices/quantized-matrix.ts";
import { MATMUL_QUANTIZED_KERNEL } from "../matrices/quantized-product.ts";
import { STORED_MATRIX_KERNELS } from "../matrices/stored-matrix.ts";

/** All kernels of this backend. A call of any other kernel throws an error with the kernel's name. */
export const ALL_KERNELS: readonly Kernel[] = [
  ...UNARY_KERNELS,
  ...ACTIVATION_KERNELS,
  ...ARITHMETIC_KERNELS,
  ...COMPARISON_KERNELS,
  ...REDUCTION_KERNELS,
  ...ORDERING_KERNELS,
  ...SOFTMAX_KERNELS,
  ...MATMUL_KERNELS,
  ...EINSUM_KERNELS,
  ...CAST_KERNELS,
  ...FILL_KERNELS,
  ...SHAPE_KERNELS,
  ...TRANSPOSE_KERNELS,
  ...SLICE_KERNELS,
  ...CONCAT_KERNELS,
  ...PAD_KERNELS,
  ...TILE_KERNELS,
  ...GATHER_KERNELS,
  ...SCATTER_KERNELS,
  ...ONE_HOT_KERNELS,
  ...SELECT_KERNELS,
  ...CONVOLUTION_KERNELS,
  ...POOLING_KERNELS,
  ...RESIZE_KERNELS,
  ...BATCH_NORMALIZATION_KERNELS,
  ...BLOCK_KERNELS,
  ...COUNTING_KERNELS,
  ...CUMULATIVE_PRODUCT_KERNELS,
  ...DEPTHWISE_CONVOLUTION_KERNELS,
  ...DIAGONAL_KERNELS,
  ...DILATION_KERNELS,
  ...LOCAL_RESPONSE_KERNELS,
  ...MAX_POOL_ARGMAX_KERNELS,
  ...MULTINOMIAL_KERNELS,
  ...SORTED_SEARCH_KERNELS,
  ...UNIQUE_KERNELS,
  ...STORED_MATRIX_KERNELS,
  MATMUL_QUANTIZED_KERNEL,
  WIDEN_QUANTIZED_KERNEL,
  ...TRANSFORMER_KERNELS,
];
