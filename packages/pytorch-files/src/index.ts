export type { PytorchFileErrorCode } from "./errors.ts";
export { PytorchFileError } from "./errors.ts";
export { openPytorch } from "./open-pytorch.ts";
