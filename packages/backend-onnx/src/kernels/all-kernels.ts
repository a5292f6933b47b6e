import type { Kernel } from "../kernel.ts";
import { ACTIVATION_KERNELS } from "./activation.ts";
import { ARITHMETIC_KERNELS } from "./arithmetic.ts";
import { BATCH_NORMALIZATION_KERNELS } from "./batch-normalization.ts";
import { BLOCK_KERNELS } from "./blocks.ts";
import { CAST_KERNELS } from "./cast.ts";
import { COMPARISON_KERNELS } from "./comparison.ts";
import { CONCAT_KERNELS } from "./concat.ts";
import { CONVOLUTION_KERNELS } from "./convolution.ts";
import { COUNTING_KERNELS } from "./counting.ts";
import { CUMULATIVE_PRODUCT_KERNELS } from "./cumulative-product.ts";
import { DEPTHWISE_CONVOLUTION_KERNELS } from "./depthwise-convolution.ts";
import { DIAGONAL_KERNELS } from "./diagonal.ts";
import { DILATION_KERNELS } from "./dilation.ts";
import { EINSUM_KERNELS } from "./einsum.ts";
import { FILL_KERNELS } from "./fill.ts";
import { GATHER_KERNELS } from "./gather.ts";
import { LOCAL_RESPONSE_KERNELS } from "./local-response.ts";
import { MATMUL_KERNELS } from "./matmul.ts";
import { MAX_POOL_PLACE_KERNELS } from "./max-pool-places.ts";
import { MULTINOMIAL_KERNELS } from "./multinomial.ts";
import { ONE_HOT_KERNELS } from "./one-hot.ts";
import { ORDERING_KERNELS } from "./ordering.ts";
import { PAD_KERNELS } from "./pad.ts";
import { POOLING_KERNELS } from "./pooling.ts";
import { REDUCTION_KERNELS } from "./reduction.ts";
import { RESIZE_KERNELS } from "./resize.ts";
import { SCATTER_KERNELS } from "./scatter.ts";
import { SELECT_KERNELS } from "./select.ts";
import { SHAPE_KERNELS } from "./shape.ts";
import { SLICE_KERNELS } from "./slice.ts";
import { SOFTMAX_KERNELS } from "./softmax.ts";
import { SORTED_SEARCH_KERNELS } from "./sorted-search.ts";
import { TILE_KERNELS } from "./tile.ts";
import { TRANSFORMER_KERNELS } from "./transformer.ts";
import { TRANSPOSE_KERNELS } from "./transpose.ts";
import { UNARY_KERNELS } from "./unary.ts";
import { UNIQUE_KERNELS } from "./unique.ts";

/** Every kernel of this backend. A kernel that is not here is refused by name. */
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
  ...MAX_POOL_PLACE_KERNELS,
  ...MULTINOMIAL_KERNELS,
  ...SORTED_SEARCH_KERNELS,
  ...UNIQUE_KERNELS,
  ...TRANSFORMER_KERNELS,
];
