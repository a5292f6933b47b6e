/**
 * Evaluates a checkpoint that was trained elsewhere, without training anything.
 *
 *   WEIGHTS=llava-v1.5-7b npm run mlan -- run examples/evaluate-checkpoint.ts
 *
 * `WEIGHTS` is a folder in Hugging Face layout; the default is the miniature model. The benchmarks are downloaded from the
 * Hub. On a machine of 24 GB, a model of 7 B parameters needs `weightFormat: "int8"` or "int4".
 */
import { evaluate, experiment } from "@mlan/core";
import { boolq } from "@mlan/data-boolq";
import { miniCheckpoint } from "@mlan/data-miniworld";
import { openbookqa } from "@mlan/data-openbookqa";
import { race } from "@mlan/data-race";
import { generation } from "@mlan/eval-generation";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer } from "@mlan/trainer-cpu";

const weights = process.env["WEIGHTS"] ?? miniCheckpoint("mini-llama2");

export default experiment({
  name: "evaluate-checkpoint",
  use: [llama2({ weights, weightFormat: "int8" }), cpuTrainer(), generation()],
  stages: [evaluate({ name: "test", benchmarks: [race(), openbookqa(), boolq()], protocol: "strict" })],
});
