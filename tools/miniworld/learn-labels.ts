import type { Encoded, TrainableModel } from "@mlan/core";

/** Token ids by piece, as in a tokenizer's vocabulary. */
type Vocabulary = Readonly<Record<string, number>>;

const NOT_LEARNED = -100;

/**
 * Returns the model with one change: of a text with a labelled list, only the labels after the list are learned. What is
 * listed and asked is drawn at random, and learning to predict it would take most of each step.
 */
export function learningLabels(model: TrainableModel, vocabulary: Vocabulary): TrainableModel {
  const ids = (pieces: readonly string[]): ReadonlySet<number> =>
    new Set(pieces.flatMap((piece) => vocabulary[piece] ?? []));
  const letters = ids(["A", "B", "C", "D", "E"].flatMap((letter) => [letter, `▁${letter}`]));
  const colon = vocabulary[":"];
  const isListed = (tokens: Int32Array, at: number): boolean =>
    letters.has(tokens[at] ?? -1) && tokens[at + 1] === colon;
  const encode: TrainableModel["encode"] = (conversation, options) => {
    const encoded = model.encode(conversation, options);
    const tokens = encoded.inputIds;
    if (!tokens.some((_, at) => isListed(tokens, at))) return encoded;
    const labels = tokens.map((token, at) => (letters.has(token) && tokens[at + 1] !== colon ? token : NOT_LEARNED));
    return { ...encoded, labels, supervised: labels.filter((label) => label !== NOT_LEARNED).length } satisfies Encoded;
  };
  return new Proxy(model, {
    get(target, key) {
      if (key === "encode") return encode;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
