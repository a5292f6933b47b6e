import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../../kernel.ts";
import { compose } from "../tools/composition.ts";
import { kernel } from "../tools/operation.ts";
import { pad } from "./pad.ts";
import { slice } from "./slice.ts";

/** Returns a tensor of twice the rank, with `x` on its diagonal and zeros elsewhere. */
export const DIAGONAL_KERNELS: readonly Kernel[] = [
  kernel<tf.DiagInputs>(tf.Diag, ({ x }, _, recorder) =>
    compose(recorder, (inner) => {
      const size = tf.util.sizeFromShape(x.shape);
      // Rows of one element and `size` zeros. Read as rows of length `size`, each element is one column further right.
      const rows = pad(inner, inner.alias(x, [size, 1]), [
        [0, 0],
        [0, size],
      ]);
      const places = slice(inner, inner.alias(rows, [size * (size + 1)]), [0], [size * size]);
      return inner.alias(places, [...x.shape, ...x.shape]);
    }),
  ),
];
