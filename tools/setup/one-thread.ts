import { openOrtRuntime } from "../../packages/backend-onnx/src/ort/ort-runtime.ts";

// There are as many test processes as cores, and threads of ONNX Runtime spin while they wait: with two threads per
// process, tests take twice as long. Tests of threads run alone.
openOrtRuntime(1);
