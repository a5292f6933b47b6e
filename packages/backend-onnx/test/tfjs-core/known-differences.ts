import type { KnownDifference } from "../../../../tools/tfjs-core-suite/describe-suite.ts";

/**
 * There are none. Tests that need an unsupported kernel or dtype are recognized by their message and not listed here.
 */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [];
