/** Takes the start of an answer off, which a model repeats that was asked to begin with it. */
export interface StartRemover {
  /** Adds a piece of the answer and returns the text that is certain now. */
  add(piece: string): string;
  /** What was returned so far. */
  text(): string;
  /** The whole answer without its start. */
  end(): string;
}

export function startRemover(start: string): StartRemover {
  let raw = "";
  let given = "";
  const withoutStart = (): string => (raw.startsWith(start) ? raw.slice(start.length) : raw);
  return {
    add(piece) {
      raw += piece;
      // It may still become the start.
      if (raw.length < start.length && start.startsWith(raw)) return "";
      const text = withoutStart().slice(given.length);
      given += text;
      return text;
    },
    text: () => given,
    end: withoutStart,
  };
}
