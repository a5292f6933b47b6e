import type { Encoded, TrainableModel } from "@mlan/core";
import { MARKS } from "./frame.ts";

const NOT_LEARNED = -100;

/**
 * Returns the model with one change: in a document, only the text between marks is supervised. The rest is drawn at
 * random, and learning to predict it would dominate each step: with everything supervised, 300 steps taught less than
 * 100 steps do now. Each mark is a single byte that is a separate token, and is removed.
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
