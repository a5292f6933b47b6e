import { useOnnxBackend } from "@mlan/backend-onnx";
// Without it tfjs-core knows no gradients in Node.
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util.js";

await useOnnxBackend();
// The tests are described while they are imported, for the environments that are known by then.
setTestEnvs([{ name: "onnx", backendName: "onnx", isDataSync: true }]);
