// The program that runs tfjs-core's tests on the backend "tensorflow". tools/tfjs-core-suite bundles it.
import { useTensorFlowBackend } from "@mlan/backend-tensorflow";
import { runSpecs } from "../../../../tools/tfjs-core-suite/run-specs.ts";

await useTensorFlowBackend({ device: "cpu" });
await runSpecs("tensorflow");
