import { openOrtRuntime } from "../../packages/backend-onnx/src/ort/ort-runtime.ts";

// As many processes run tests as there are cores, and threads of ONNX Runtime wait by spinning: two of them in each
// process take twice the time for the same. Tests of threads have processes to themselves.
openOrtRuntime(1);
