import type { Encoded, TrainableModel } from "@mlan/core";

/** Token ids by piece, as in a tokenizer's vocabulary. */
type Vocabulary = Readonly<Record<string, number>>;

const NOT_LEARNED = -100;

/**
 * Returns the model with one change: of a document, only what follows from the text before is learned. What a document
 * describes, lists and asks is drawn at random, and learning to predict it would take most of each step: with all of it, 300
 * steps did not teach what 100 steps teach without.
 *
 * In documents with labelled lists, the labels said after them are learned; in others with verdicts such as "present", the
 * verdicts; in others with a colon or a quotation mark, what stands behind it; and everything in the rest.
 */
export function learningAnswers(model: TrainableModel, vocabulary: Vocabulary): TrainableModel {
  const ids = (words: readonly string[]): ReadonlySet<number> =>
    new Set(words.flatMap((word) => [vocabulary[word] ?? -1, vocabulary[`▁${word}`] ?? -1]));
  const letters = ids(["A", "B", "C", "D", "E"]);
  const telling = ids(["present", "absent", "wrong", "yes", "no"]);
  const verdicts = ids(["present", "absent", "wrong", "yes", "no", "right"]);
  const [colon, quote, ends] = [vocabulary[":"], vocabulary['▁"'], ids([".", '"', "<0x0A>"])];
  const isAnswer = (tokens: Int32Array): ((token: number, at: number) => boolean) => {
    const isListed = (token: number, at: number): boolean => letters.has(token) && tokens[at + 1] === colon;
    if (tokens.some(isListed)) return (token, at) => letters.has(token) && !isListed(token, at);
    if (tokens.some((token) => telling.has(token))) return (token) => verdicts.has(token);
    if (!tokens.some((token) => token === colon || token === quote)) return () => true;
    let isBehind = false;
    return (token) => {
      const isLearned = isBehind;
      isBehind = token === colon || token === quote || (isBehind && !ends.has(token));
      return isLearned;
    };
  };
  const encode: TrainableModel["encode"] = (conversation, options) => {
    const encoded = model.encode(conversation, options);
    const learned = Array.from(encoded.inputIds, isAnswer(encoded.inputIds));
    const labels = encoded.labels.map((label, at) => (learned[at] === true ? label : NOT_LEARNED));
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
