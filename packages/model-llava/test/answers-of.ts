import type { Generation, GenerationOptions, GenerationRequest, Model } from "@mlan/core";

/** Returns all answers by request id. */
export async function answersOf(
  model: Pick<Model, "generate">,
  requests: readonly GenerationRequest[],
  options?: GenerationOptions,
): Promise<ReadonlyMap<string, Generation>> {
  const answers = new Map<string, Generation>();
  for await (const generation of model.generate(requests, options)) answers.set(generation.id, generation);
  return answers;
}
