import type { KnownDifference } from "../../../../tools/tfjs-core-suite/describe-suite.ts";

/**
 * Tests of tfjs-core that fail on this backend. Most are also in tfjs-node's list of ignored tests (its
 * src/run_tests.ts).
 */
const BY_REASON: readonly { readonly reason: string; readonly varies?: true; readonly names: readonly string[] }[] = [
  {
    reason: "The kernels of tfjs-node know the paddings 'valid' and 'same' only.",
    names: [
      "avgPool3d tensorflow {} x=[1,2,2,2,1] f=[2,2,2] s=1 p=1 roundingMode=floor",
      "avgPool3d tensorflow {} x=[1,1,1,1,1] f=[2,2,2] s=1 p=2",
      "avgPool tensorflow {} x=[3,3,1] f=[3,3] s=1 p=explicit",
      "avgPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 default dimRoundingMode",
      "avgPool tensorflow {} x=[2,2,3] f=[1,1] s=2 p=1 dimRoundingMode=floor",
      "avgPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=floor",
      "avgPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=round",
      "avgPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=ceil",
      "avgPool tensorflow {} gradient x=[3,3,1] f=[3,3] s=1 p=explicit",
      "conv2dTranspose tensorflow {} input=3x3x1,d2=1,f=2,s=2,p=explicit",
      "conv2dTranspose tensorflow {} gradient input=[1,3,3,1] f=[2,2,2,1] s=[1,1] p=explicit",
      "maxPool3d tensorflow {} x=[1,2,2,2,1] f=[2,2,2] s=1 p=1 roundingMode=floor",
      "maxPool tensorflow {} x=[3,3,1] f=[3,3] s=1 p=explicit",
      "maxPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 default dimRoundingMode",
      "maxPool tensorflow {} x=[2,2,3] f=[1,1] s=2 p=1 dimRoundingMode=floor",
      "maxPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=floor",
      "maxPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=round",
      "maxPool tensorflow {} x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=ceil",
      "maxPoolBackprop tensorflow {} gradient x=[3,3,1] f=3 s=1 p=explicit",
      "pool tensorflow {} max x=[3,3,1] f=[3,3] s=1 d=1 p=explicit",
      "pool tensorflow {} max x=[3,3,1] f=[3,3] s=3 d=1 p=explicit defualt dimRoundingMode",
      "pool tensorflow {} max x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=floor",
      "pool tensorflow {} max x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=round",
      "pool tensorflow {} max x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=ceil",
      "pool tensorflow {} max x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding",
      "pool tensorflow {} avg x=[3,3,1] f=[3,3] s=1 d=1 p=explicit",
      "pool tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit defualt dimRoundingMode",
      "pool tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=floor",
      "pool tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=round",
      "pool tensorflow {} avg x=[3,3,1] f=[3,3] s=3 d=1 p=explicit dimRoundingMode=ceil",
      "pool tensorflow {} avg x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding",
    ],
  },
  {
    reason: "The kernel FusedConv2D of tfjs-node knows the layout NHWC only.",
    names: [
      "fused conv2d tensorflow {} basic in NCHW",
      "fused conv2d tensorflow {} basic in NCHW with scalar bias",
      "fused conv2d tensorflow {} basic in NCHW with 1-D bias",
      "fused conv2d tensorflow {} basic in NCHW with bias and multiple batches",
      "fused conv2d tensorflow {} basic in NCHW with scalar PReLU actiavation",
      "fused conv2d tensorflow {} basic in NCHW with 1-D PReLU actiavation",
      "fused conv2d tensorflow {} basic in NCHW with 3-D PReLU actiavation",
      "fused conv2d tensorflow {} basic in NCHW with full 3-D PReLU actiavation",
      "fused conv2d tensorflow {} im2row in NCHW",
      "fused conv2d tensorflow {} im2row in NCHW with scalar bias",
      "fused conv2d tensorflow {} im2row in NCHW with 1-D bias",
      "fused conv2d tensorflow {} im2row in NCHW with scalar PReLU actiavation weights",
      "fused conv2d tensorflow {} im2row in NCHW with 1-D PReLU actiavation weights",
      "fused conv2d tensorflow {} im2row in NCHW with 3-D PReLU actiavation weights",
      "fused conv2d tensorflow {} im2row in NCHW with full 3-D PReLU actiavation weights",
      "fused conv2d tensorflow {} batch in NCHW",
      "fused conv2d tensorflow {} batch in NCHW with scalar bias",
      "fused conv2d tensorflow {} batch in NCHW with 1-D bias",
      "fused conv2d tensorflow {} batch in NCHW with scalar PReLU actiavation weights",
      "fused conv2d tensorflow {} batch in NCHW with 1-D PReLU actiavation weights",
      "fused conv2d tensorflow {} batch in NCHW with 3-D PReLU actiavation weights",
      "fused conv2d tensorflow {} batch in NCHW with full 3-D PReLU actiavation weights",
    ],
  },
  {
    reason: "TensorFlow refuses a window that is larger than its input (tensorflow/tensorflow#58758).",
    names: ["avgPool3d tensorflow {} x=[1,1,1,1,1] f=[1,1,3] s=1 p=valid"],
  },
  {
    reason: "tfjs-core accepts updates whose shape TensorFlow's ScatterNd refuses (tensorflow/tfjs#806).",
    names: [
      "scatterND tensorflow {} should work for 2d",
      "scatterND tensorflow {} should work for simple 1d",
      "scatterND tensorflow {} should work for multiple 1d",
      "scatterND tensorflow {} should sum the duplicated indices",
      "scatterND tensorflow {} should work for tensorLike input",
    ],
  },
  {
    reason: "TensorFlow keeps a NaN, where tfjs-core says 0.",
    names: [
      "sign tensorflow {} basic",
      "sign tensorflow {} does not propagate NaNs",
      "sign tensorflow {} accepts a tensor-like object",
    ],
  },
  {
    reason: "TensorFlow compares no strings by order.",
    names: [
      "greaterEqual tensorflow {} should support string comparison",
      "greater tensorflow {} should support string comparison",
      "lessEqual tensorflow {} should support string comparison",
      "less tensorflow {} should support string comparison",
    ],
  },
  {
    reason: "TensorFlow has no such kernel for int32.",
    names: ["leakyrelu tensorflow {} int32", "step kernel tensorflow {} with int32 tensor"],
  },
  {
    reason: "TensorFlow has no such kernel for bool.",
    names: ["diag tensorflow {} bool"],
  },
  {
    reason: "TensorFlow's Einsum can what the other backends cannot.",
    names: [
      "einsum tensorflow {} 2d matrix calculate trace: duplicate axes not implemented yet",
      "einsum tensorflow {} nonexistent dimension throws error",
    ],
  },
  {
    reason: "TensorFlow keeps a kernel with its random state: the same seed goes on where it ended before.",
    names: ["multinomial tensorflow {} creates the same data given the same seed"],
  },
  {
    reason: "TensorFlow takes two NaN for two different values.",
    names: ["unique tensorflow {} 1d tensor with NaN and Infinity"],
  },
  {
    reason: "The last bit of a float near a pole.",
    names: ["tan tensorflow {} numbers exceed float32 precision"],
  },
  {
    reason: "TensorFlow's Round gives 0 for every int32.",
    names: ["round tensorflow {} int32"],
  },
  {
    reason: "oneDNN has no convolution of these shapes on some processors.",
    varies: true,
    names: ["conv2dTranspose tensorflow {} input=8x8x8,output=4x4x8,f=8,s=1,inDepth=8,p=same vec4"],
  },
];

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = BY_REASON.flatMap(({ names, ...rest }) =>
  names.map((name) => ({ name, ...rest })),
);

/** Kernels of tfjs-core that tfjs-node does not have. */
export const MISSING_KERNELS: readonly string[] = [
  "BitwiseAnd",
  "DenseBincount",
  "MaxPoolWithArgmax",
  "RaggedGather",
  "RaggedRange",
  "RaggedTensorToTensor",
  "SearchSorted",
  "SparseFillEmptyRows",
  "SparseReshape",
  "SparseSegmentMean",
  "SparseSegmentSum",
  "StringNGrams",
  "StringSplit",
  "StringToHashBucketFast",
  "Transform",
];
