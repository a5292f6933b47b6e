import "@tensorflow/tfjs-layers"; // registers gradients
import { useOnnxBackend } from "@mlan/backend-onnx";
import { describeTensorBackendContract } from "@mlan/testing";

describeTensorBackendContract("onnx", () => useOnnxBackend({ threads: 2 }));
