// The program that runs tfjs-core's tests on the backend "onnx". tools/tfjs-core-suite bundles it.
import { useOnnxBackend } from "@mlan/backend-onnx";
import { runSpecs } from "../../../../tools/tfjs-core-suite/run-specs.ts";

await useOnnxBackend();
await runSpecs("onnx");
