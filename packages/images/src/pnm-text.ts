/** Reads the words of a PNM. Words are separated by whitespace, and by comments that begin with "#". */
export class PnmText {
  readonly #bytes: Uint8Array;
  #position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.#position = position;
  }

  /** Reads the next number. Throws for a word that is not a number of up to ten digits. */
  number(name: string): number {
    this.#skip();
    const start = this.#position;
    if (start === this.#bytes.length) throw new Error("it is cut short");
    let value = 0;
    for (; this.#position < this.#bytes.length && !this.#atSpace(); this.#position++) {
      const digit = (this.#bytes[this.#position] ?? 0) - 0x30;
      if (digit < 0 || digit > 9 || this.#position - start >= MOST_DIGITS) {
        const word = Buffer.from(this.#bytes.subarray(start, this.#position + MOST_DIGITS)).toString("latin1");
        throw new Error(`its ${name} is ${JSON.stringify(word.split(/\s/)[0])}, not a number`);
      }
      value = value * 10 + digit;
    }
    return value;
  }

  /** Reads the next pixel value. Throws if it is not a number or exceeds `most`. */
  value(most: number): number {
    const value = this.number("next pixel value");
    if (value > most) throw new Error(`it has a pixel value of ${value}, above its largest value ${most}`);
    return value;
  }

  /** Reads the next pixel of a bitmap: one digit, with or without whitespace around it. */
  bit(): number {
    this.#skip();
    const digit = (this.#bytes[this.#position++] ?? 0) - 0x30;
    if (digit === 0 || digit === 1) return digit;
    throw new Error(this.#position > this.#bytes.length ? "it is cut short" : "it has a pixel that is neither 0 nor 1");
  }

  /** Returns all bytes after the single whitespace character that ends the header. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#position + 1);
  }

  #skip(): void {
    while (this.#position < this.#bytes.length) {
      if (this.#bytes[this.#position] === COMMENT) {
        while (this.#position < this.#bytes.length && !LINE_ENDS.has(this.#bytes[this.#position] ?? 0))
          this.#position++;
      } else if (!this.#atSpace()) return;
      else this.#position++;
    }
  }

  #atSpace(): boolean {
    const byte = this.#bytes[this.#position] ?? 0;
    return byte === SPACE || (byte >= TAB && byte <= CARRIAGE_RETURN);
  }
}

const MOST_DIGITS = 10;
const COMMENT = 0x23;
const LINE_ENDS: ReadonlySet<number> = new Set([0x0a, 0x0d]);
const SPACE = 0x20;
/** The first and last of the whitespace codes. All codes between them are whitespace too. */
const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;
