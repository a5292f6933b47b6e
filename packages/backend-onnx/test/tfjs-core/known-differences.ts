import type { KnownDifference } from "../../../../tools/tfjs-core-suite/describe-suite.ts";

/** There is none. Tests that need a kernel or dtype that is left out do not belong here: they say so themselves. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [];
