import { onnx } from "@mlan/backend-onnx";
import { llama2 } from "@mlan/model-llama2";
import { describeBackboneContract } from "@mlan/testing";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // gradients, which a trainer brings otherwise

describeBackboneContract({
  name: "model-llama2",
  backbone: llama2,
  compute: onnx,
  backend: "onnx",
  untuned: "llama2-base",
  repository: { name: "meta-llama/Llama-2-7b-hf", revision: "01c7f73d771dfac7d292323805ebc428287df4f9" },
});
