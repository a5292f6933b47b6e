import { openSafetensors } from "@mlan/safetensors";
import * as tf from "@tensorflow/tfjs-core";
import { pathToFileURL } from "node:url";
import type { Generated, Prompt, Setup, TrainedStep } from "../worker.ts";
import type { Batch } from "./batches.ts";
import { generator } from "./generate.ts";
import { trainer } from "./train.ts";
import type { Weights } from "./network.ts";

/** The same model and the same requests as torch_llama.py. */
export async function llamaWorker(setup: Setup): Promise<{
  train(batch: Batch): Promise<TrainedStep>;
  generate(prompt: Prompt): Promise<Generated>;
}> {
  const variables = await readWeights(setup);
  const weights: Weights = (name) => {
    const variable = variables.get(name);
    if (variable === undefined) throw new Error(`there is no weight ${name}`);
    return variable;
  };
  return {
    train: setup.task === "generate" ? refuse("generates only") : trainer(setup, variables, weights),
    generate: setup.task === "generate" ? generator(setup, variables, weights) : refuse("trains only"),
  };
}

function refuse(reason: string): () => never {
  return () => {
    throw new Error(`this worker ${reason}`);
  };
}

async function readWeights({ weights, task }: Setup): Promise<Map<string, tf.Variable>> {
  const variables = new Map<string, tf.Variable>();
  const reader = await openSafetensors(pathToFileURL(weights));
  for (const { name, shape } of reader.entries.values()) {
    const tensor = tf.tensor((await reader.read(name)) as Float32Array, [...shape]);
    variables.set(name, tf.variable(tensor, task === "train", name));
    tensor.dispose();
  }
  await reader.close();
  return variables;
}
