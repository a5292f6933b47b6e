import { onnx } from "@mlan/backend-onnx";
import { vicuna } from "@mlan/model-vicuna";
import { describeBackboneContract } from "@mlan/testing";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // gradients, which a trainer brings otherwise

describeBackboneContract({
  name: "model-vicuna",
  backbone: vicuna,
  compute: onnx,
  backend: "onnx",
  untuned: "vicuna-base",
  repository: { name: "lmsys/vicuna-7b-v1.5", revision: "3321f76e3f527bd14065daf69dad9344000a201d" },
});
