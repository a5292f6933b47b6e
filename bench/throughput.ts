/**
 * PyTorch's speed on two cores with AVX-512. With less, a ratio would measure the machine rather than the two sides.
 */
const USUAL_GIGAFLOPS = 150;

/** A side whose matrix products can be measured. */
export interface Multiplier {
  readonly name: string;
  /**
   * Returns the speed of the fastest product of [2048, 1024] and [1024, 1024] in float32, in 10^9 floating-point
   * operations per second.
   */
  throughput(): Promise<{ readonly gigaflops: number }>;
}

export interface Throughputs {
  /** Whether to print a ratio to this peer. If not, prints the reason. */
  claim(peer: string): boolean;
  /** Returns the speed of `name` relative to `peer` in matrix products. */
  relative(name: string, peer: string): number;
}

/**
 * Returns the ratio of times that would result if both sides multiplied equally fast. It shows differences outside the
 * libraries' matrix products, and is exact only if both sides spend all their time in products.
 */
export function atEqualThroughput(ratio: number, relativeThroughput: number): string {
  return `${(ratio * relativeThroughput).toFixed(2)} x at equal product throughput`;
}

/** Prints how fast each side multiplies matrices alone. */
export async function printThroughput(workers: readonly Multiplier[]): Promise<Throughputs> {
  const found = new Map<string, number>();
  for (const worker of workers) found.set(worker.name, (await worker.throughput()).gigaflops);
  const sides = [...found].map(([name, gigaflops]) => `${name} ${gigaflops.toFixed(0)}`);
  console.log(`2048 x 1024 x 1024 products, GFLOP/s: ${sides.join(", ")}`);
  return {
    claim(peer) {
      const gigaflops = found.get(peer) ?? 0;
      if (gigaflops >= USUAL_GIGAFLOPS) return true;
      console.log(
        `  no ratio: ${peer} reaches ${gigaflops.toFixed(0)} GFLOP/s here instead of the usual ${USUAL_GIGAFLOPS}`,
      );
      return false;
    },
    relative: (name, peer) => (found.get(name) ?? NaN) / (found.get(peer) ?? NaN),
  };
}
