/** Takes the start of an answer off, which a model repeats that was asked to begin with it. */
export interface StartRemover {
  add(piece: string): void;
  /** The text that is certain. */
  text(): string;
  /** The whole answer without its start; now all of it is certain. */
  end(): string;
}

export function startRemover(start: string): StartRemover {
  let raw = "";
  let ended = false;
  const text = (): string => {
    if (raw.startsWith(start)) return raw.slice(start.length);
    // It may still become the start.
    return !ended && start.startsWith(raw) ? "" : raw;
  };
  return {
    add(piece) {
      raw += piece;
    },
    text,
    end() {
      ended = true;
      return text();
    },
  };
}
