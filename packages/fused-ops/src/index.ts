export { attention } from "./attention.ts";
export { checkpointed } from "./checkpointed.ts";
export { embedding } from "./embedding.ts";
export { rmsNorm } from "./rms-norm.ts";
export { rotaryEmbedding } from "./rotary-embedding.ts";
export type { Rotation } from "./rotary-embedding.ts";
export { swiglu } from "./swiglu.ts";
export { tokenLogProbabilities } from "./token-log-probabilities.ts";
