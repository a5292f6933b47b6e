import { BOOL_AS_FLOAT } from "./bool-as-float.ts";
import { FLOAT_FUNCTIONS } from "./float-functions.ts";
import { INDEXING } from "./indexing.ts";
import { INTEGERS } from "./integers.ts";
import { LOGIC } from "./logic.ts";
import { MATRICES } from "./matrices.ts";
import { NORMALIZATION } from "./normalization.ts";
import { UNSUPPORTED } from "./unsupported.ts";
import type { Replacements } from "./typed-graph.ts";

/**
 * The replacements for all differences between ONNX Runtime's CPU and WebGPU providers, by ONNX operator type. An
 * operator without a replacement and without a WebGPU kernel fails when the graph is compiled.
 */
export const REPLACEMENTS: Replacements = {
  ...FLOAT_FUNCTIONS,
  ...INTEGERS,
  ...LOGIC,
  ...MATRICES,
  ...NORMALIZATION,
  ...INDEXING,
  ...BOOL_AS_FLOAT,
  ...UNSUPPORTED,
};
