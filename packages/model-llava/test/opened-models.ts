import { openCheckpoint } from "#internal/checkpoint/open-checkpoint.ts";
import { type AnswerFunctions, answerFunctions } from "#internal/network/answer-functions.ts";
import { disposeNetwork, llama, llavaNetwork, type LlavaModel, loadWeights, planWeights } from "@mlan/model-llava";
import { changeWeights } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll } from "vitest";
import { compute, type Scratch, tinySource } from "./tiny-llava.ts";

/** Opens the tiny LLaVA with larger weights, so that answers depend clearly on the prompt. */
export async function openDistinctModel({ backbone, tower }: Scratch): Promise<LlavaModel> {
  await compute.open();
  const model = await tinySource(backbone, tower).open({ seed: 3 });
  changeWeights(model, ({ component, variable }) =>
    component !== "vision" && variable.rank === 2 ? tf.mul(variable, 8) : undefined,
  );
  return model;
}

/** Loads the network of a Llama and returns its answer functions. Both are disposed of after the current tests. */
export async function openAnswerFunctions(weights: URL): Promise<AnswerFunctions> {
  const checkpoint = await openCheckpoint({ architecture: llama, template: "v1", weights });
  const network = llavaNetwork(checkpoint);
  await loadWeights(planWeights(checkpoint, checkpoint.weights), network.weights, { seed: 0 });
  await checkpoint.close();
  const functions = answerFunctions(network, compute);
  afterAll(() => {
    functions.dispose();
    disposeNetwork(network);
  });
  return functions;
}
