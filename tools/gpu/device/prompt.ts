/** Returns a prompt with the given number of tokens, and its ids. Each word is a single piece of this tokenizer. */
export function promptIn(
  tokenizer: string,
  length: number,
): { readonly text: string; readonly ids: readonly number[] } {
  const { model }: { readonly model: { readonly vocab: Readonly<Record<string, number>> } } = JSON.parse(tokenizer);
  const words = Object.entries(model.vocab).filter(([piece]) => /^\u2581[a-z]{4,}$/.test(piece));
  const chosen = Array.from({ length: length - 1 }, (_, index) => words[(index * 31) % words.length]).flatMap((word) =>
    word === undefined ? [] : [word],
  );
  return {
    text: chosen.map(([piece]) => piece.slice(1)).join(" "),
    ids: [1, ...chosen.map(([, id]) => id)],
  };
}
