import type { GenerationRequest, Prompt, Question } from "@mlan/core";

/**
 * Requests in an order in which neighbours are of similar length, the longest first, so that batches hold little
 * padding and one that does not fit in memory fails at once. Questions on one article or image stay together.
 * `questions` and `requests` are in the same order.
 */
export function orderByLength(
  questions: readonly Question[],
  requests: readonly GenerationRequest[],
): readonly GenerationRequest[] {
  const groups = new Map<string, GenerationRequest[]>();
  for (const [index, request] of requests.entries()) {
    const cluster = questions[index]?.cluster;
    const key = cluster === undefined ? `id:${request.id}` : `cluster:${cluster}`;
    const group = groups.get(key);
    if (group) group.push(request);
    else groups.set(key, [request]);
  }
  return [...groups.values()]
    .map((group) => ({ group, length: Math.max(...group.map(lengthOf)) }))
    .toSorted((one, other) => other.length - one.length)
    .flatMap(({ group }) => group);
}

/** In characters: proportional enough to tokens. An image is the same for all. */
function lengthOf({ prompt }: GenerationRequest): number {
  return textOf(prompt).length;
}

function textOf(prompt: Prompt): string {
  return prompt.kind === "raw" ? prompt.text : prompt.user + prompt.answerStart;
}
