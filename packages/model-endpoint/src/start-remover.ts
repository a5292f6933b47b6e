/** Removes the start of an answer, which a model repeats when it is asked to begin with it. */
export interface StartRemover {
  add(piece: string): void;
  /** Returns the text so far that can no longer change. */
  text(): string;
  /** Ends the answer, and returns all of it without its start. */
  end(): string;
}

export function startRemover(start: string): StartRemover {
  let raw = "";
  let ended = false;
  const text = (): string => {
    if (raw.startsWith(start)) return raw.slice(start.length);
    // The text so far may be a part of the start.
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
