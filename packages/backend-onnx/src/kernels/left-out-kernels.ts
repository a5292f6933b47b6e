import * as tf from "@tensorflow/tfjs-core";

/** Kernels of tfjs-core that are deliberately not implemented, and the reason. */
interface LeftOut {
  readonly reason: string;
  readonly kernelNames: readonly string[];
}

/** Together with the kernels of this backend, these are all kernels of tfjs-core 4.22. */
export const LEFT_OUT_KERNELS: readonly LeftOut[] = [
  {
    reason: "complex numbers and Fourier transforms",
    kernelNames: [tf.Complex, tf.ComplexAbs, tf.FFT, tf.IFFT, tf.Imag, tf.Real],
  },
  {
    reason: "sparse and ragged tensors",
    kernelNames: [
      tf.RaggedGather,
      tf.RaggedRange,
      tf.RaggedTensorToTensor,
      tf.SparseFillEmptyRows,
      tf.SparseReshape,
      tf.SparseSegmentMean,
      tf.SparseSegmentSum,
    ],
  },
  {
    reason: "strings",
    kernelNames: [tf.StaticRegexReplace, tf.StringNGrams, tf.StringSplit, tf.StringToHashBucketFast],
  },
  {
    reason: "three-dimensional convolution and pooling",
    kernelNames: [
      tf.AvgPool3D,
      tf.AvgPool3DGrad,
      tf.Conv3D,
      tf.Conv3DBackpropFilterV2,
      tf.Conv3DBackpropInputV2,
      tf.MaxPool3D,
      tf.MaxPool3DGrad,
    ],
  },
  {
    reason: "image augmentation",
    kernelNames: [tf.CropAndResize, tf.FlipLeftRight, tf.RotateWithOffset, tf.Transform],
  },
  {
    reason: "non-max suppression",
    kernelNames: [tf.NonMaxSuppressionV3, tf.NonMaxSuppressionV4, tf.NonMaxSuppressionV5],
  },
  { reason: "drawing on a canvas, which Node does not have", kernelNames: [tf.Draw] },
  { reason: "pixels, which tfjs-core reads itself", kernelNames: [tf.FromPixels] },
  {
    reason: "names that no operation of tfjs-core calls",
    kernelNames: ["LowerBound", "MatrixBandPart", "Pool", "UpperBound"],
  },
];

/** Returns the reason why a kernel is not implemented; undefined for an implemented or unknown kernel. */
export function reasonLeftOut(kernelName: string): string | undefined {
  return LEFT_OUT_KERNELS.find(({ kernelNames }) => kernelNames.includes(kernelName))?.reason;
}
