export { PytorchFileError } from "./errors.ts";
export { openPytorch } from "./open-pytorch.ts";
