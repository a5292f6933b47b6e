/** What a mark in a rendered text says. */
type MarkKind = (typeof KINDS)[number];
const KINDS = ["text-start", "text-end", "learned-start", "learned-end", "image"] as const;

/** Marks that no text of a conversation holds, by which its parts are found again once a template has written it. */
export interface Marks {
  /** `turn` is the place of the turn that the mark belongs to. */
  write(kind: MarkKind, turn?: number): string;
  /** The marks of a text in their order, and the text before, between, and behind them. */
  read(text: string): readonly (string | Mark)[];
}

export interface Mark {
  readonly kind: MarkKind;
  readonly turn: number;
}

/** Throws an error when the texts hold all characters that could mark. */
export function marksFor(texts: readonly string[]): Marks {
  const sign = freeCharacter(texts);
  const pattern = new RegExp(`(${sign}\\d\\.\\d+${sign})`);
  return {
    // Digits, which no filter such as upper changes.
    write: (kind, turn = 0) => `${sign}${KINDS.indexOf(kind)}.${turn}${sign}`,
    read: (text) =>
      text.split(pattern).flatMap((part, index): readonly (string | Mark)[] => {
        if (index % 2 === 0) return part === "" ? [] : [part];
        const [kind = 0, turn = 0] = part.slice(1, -1).split(".").map(Number);
        return [{ kind: KINDS[kind] ?? "image", turn }];
      }),
  };
}

/** Of the characters for private use, of which Unicode says nothing and which no tokenizer and no template writes. */
function freeCharacter(texts: readonly string[]): string {
  for (let code = 0xe000; code <= 0xf8ff; code++) {
    const character = String.fromCharCode(code);
    if (!texts.some((text) => text.includes(character))) return character;
  }
  throw new Error("it holds all 6,400 characters that Unicode reserves for private use");
}
