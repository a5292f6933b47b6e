// The program that runs tfjs-core's tests on the backend "onnx"; tools/tfjs-core-suite puts it into one file.
import { useOnnxBackend } from "@mlan/backend-onnx";
import { runSpecs } from "../../../../tools/tfjs-core-suite/run-specs.ts";

await useOnnxBackend();
await runSpecs("onnx");
