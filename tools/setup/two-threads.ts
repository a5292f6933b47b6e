import { openOrtRuntime } from "../../packages/backend-onnx/src/ort/ort-runtime.ts";

// The first file in a process would decide otherwise: with as many threads as the machine has cores, which others refuse.
openOrtRuntime(2);
