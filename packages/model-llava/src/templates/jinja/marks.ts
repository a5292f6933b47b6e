/** The kind of a mark in a rendered text. */
type MarkKind = (typeof KINDS)[number];
const KINDS = ["text-start", "text-end", "supervised-start", "supervised-end", "image"] as const;

/** Strings that occur in no text of a conversation. They locate the texts in the output of a template. */
export interface Marks {
  /** Returns the text of a mark for the turn with index `turn`. */
  write(kind: MarkKind, turn?: number): string;
  /** Splits a text into its marks and the texts between them, in order. */
  read(text: string): readonly (string | Mark)[];
}

export interface Mark {
  readonly kind: MarkKind;
  readonly turn: number;
}

/** Creates marks that do not occur in the texts. Throws an Error if the texts contain all candidate characters. */
export function marksFor(texts: readonly string[]): Marks {
  const sign = freeCharacter(texts);
  const pattern = new RegExp(`(${sign}\\d\\.\\d+${sign})`);
  return {
    // Digits, because no filter such as `upper` changes them.
    write: (kind, turn = 0) => `${sign}${KINDS.indexOf(kind)}.${turn}${sign}`,
    read: (text) =>
      text.split(pattern).flatMap((part, index): readonly (string | Mark)[] => {
        if (index % 2 === 0) return part === "" ? [] : [part];
        const [kind = 0, turn = 0] = part.slice(1, -1).split(".").map(Number);
        return [{ kind: KINDS[kind] ?? "image", turn }];
      }),
  };
}

/**
 * Returns a private-use character that does not occur in the texts. Unicode gives these characters no meaning, and no
 * tokenizer or template writes them.
 */
function freeCharacter(texts: readonly string[]): string {
  for (let code = 0xe000; code <= 0xf8ff; code++) {
    const character = String.fromCharCode(code);
    if (!texts.some((text) => text.includes(character))) return character;
  }
  throw new Error("it contains all 6,400 characters that Unicode reserves for private use");
}
