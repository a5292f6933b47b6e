// The contract suites of tensor backends and compute plugins, on the provider "webgpu".
import "@tensorflow/tfjs-layers"; // registers gradients
import { onnx, useOnnxBackend } from "@mlan/backend-onnx";
import { COMPUTE, createScope } from "@mlan/core";
import { describeComputeContract, describeTensorBackendContract } from "@mlan/testing";

describeTensorBackendContract("onnx", () => useOnnxBackend({ provider: "webgpu" }));
describeComputeContract(createScope([onnx({ provider: "webgpu" })]).get(COMPUTE));
