import type { Encoded, TrainableModel } from "@mlan/core";
import { MARKS } from "./frame.ts";

const NOT_LEARNED = -100;

/**
 * Returns the model with one change: of a document, only what stands between marks is learned. What a document describes,
 * lists and asks is drawn at random, and learning to predict it would take most of each step: with all of it, 300 steps did not
 * teach what 100 steps teach without. The marks are single pieces, bytes of their own, and are taken out again.
 */
export function learningAnswers(model: TrainableModel, vocabulary: Readonly<Record<string, number>>): TrainableModel {
  const [start, end] = [MARKS.start, MARKS.end].map((mark) => vocabulary[byteName(mark)]);
  const encode: TrainableModel["encode"] = (conversation, options) => {
    const encoded = model.encode(conversation, options);
    const inputIds: number[] = [];
    const labels: number[] = [];
    let isLearned = false;
    for (const [at, token] of encoded.inputIds.entries()) {
      if (token === start || token === end) {
        isLearned = token === start;
        continue;
      }
      inputIds.push(token);
      labels.push(isLearned ? (encoded.labels[at] ?? NOT_LEARNED) : NOT_LEARNED);
    }
    return {
      ...encoded,
      inputIds: Int32Array.from(inputIds),
      labels: Int32Array.from(labels),
      length: inputIds.length,
      supervised: labels.filter((label) => label !== NOT_LEARNED).length,
    } satisfies Encoded;
  };
  return new Proxy(model, {
    get(target, key) {
      if (key === "encode") return encode;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function byteName(mark: string): string {
  return `<0x${mark.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}>`;
}
