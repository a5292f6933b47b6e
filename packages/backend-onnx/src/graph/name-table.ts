import koffi from "koffi";

/**
 * A growing table of native strings `prefix`0, `prefix`1, ... with one 64-bit value each. All sessions share the table.
 */
export class NameTable {
  addresses: BigUint64Array = new BigUint64Array(0);
  values: BigUint64Array = new BigUint64Array(0);
  readonly #prefix: string;
  // The addresses point into this buffer.
  #text = Buffer.alloc(0);

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  reserve(count: number): void {
    if (count <= this.addresses.length) return;
    const names = Array.from({ length: Math.max(64, count * 2) }, (_, index) => `${this.#prefix}${index}\0`);
    this.#text = Buffer.from(names.join(""), "ascii");
    let address = koffi.address(this.#text);
    this.addresses = BigUint64Array.from(names, (name) => {
      const start = address;
      address += BigInt(name.length);
      return start;
    });
    this.values = new BigUint64Array(names.length);
  }
}
