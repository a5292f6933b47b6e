import type { GradConfig } from "@tensorflow/tfjs-core";

/** The gradients that tfjs-core has, by kernel. */
export declare const gradients: readonly GradConfig[];
