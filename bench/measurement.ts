/** Times of repeated runs, in milliseconds. */
export class Measurement {
  readonly #times: number[] = [];

  add(milliseconds: number): void {
    this.#times.push(milliseconds);
  }

  get median(): number {
    const sorted = this.#times.toSorted((left, right) => left - right);
    const middle = sorted.length >> 1;
    const [upper = NaN, lower = NaN] = [sorted[middle], sorted[middle - 1]];
    return sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
  }

  /** Returns the median with the fastest and the slowest run. */
  toString(): string {
    if (this.#times.length === 0) return "not measured";
    const [fastest, slowest] = [Math.min(...this.#times), Math.max(...this.#times)];
    return `${text(this.median)} ms (${text(fastest)}-${text(slowest)})`;
  }
}

function text(milliseconds: number): string {
  return milliseconds < 100 ? milliseconds.toFixed(1) : milliseconds.toFixed(0);
}
