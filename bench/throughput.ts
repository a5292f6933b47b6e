/** PyTorch reaches this on two cores with AVX-512; below it, a ratio would say more about the machine than about the sides. */
const USUAL_GIGAFLOPS = 150;

/** A side whose matrix products can be measured. */
export interface Multiplier {
  readonly name: string;
  throughput(): Promise<Throughput>;
}

/** How fast a side multiplies float32 matrices, with nothing else to do. */
export interface Throughput {
  /** The fastest product of [2048, 1024] and [1024, 1024], in 10^9 floating-point operations per second. */
  readonly gigaflops: number;
  /** Products of 1 and of 8 rows with 64 constant matrices [2048, 768], as in decoding: 10^9 bytes of weights per second. */
  readonly gigabytes: readonly [one: number, eight: number];
}

export interface Throughputs {
  /** Whether to print a ratio to this peer; prints the reason if not. */
  claim(peer: string): boolean;
}

/** Prints how fast each side multiplies matrices alone. */
export async function printThroughput(workers: readonly Multiplier[]): Promise<Throughputs> {
  const found = new Map<string, Throughput>();
  for (const worker of workers) found.set(worker.name, await worker.throughput());
  const sides = (text: (given: Throughput) => string): string =>
    [...found].map(([name, given]) => `${name} ${text(given)}`).join(", ");
  console.log(`2048 x 1024 x 1024 products, GFLOP/s: ${sides(({ gigaflops }) => gigaflops.toFixed(0))}`);
  const rates = sides(({ gigabytes }) => gigabytes.map((rate) => rate.toFixed(0)).join(" and "));
  console.log(`weights read by products of 1 and 8 rows, GB/s: ${rates}`);
  return {
    claim(peer) {
      const { gigaflops = 0 } = found.get(peer) ?? {};
      if (gigaflops >= USUAL_GIGAFLOPS) return true;
      console.log(
        `  no ratio: ${peer} reaches ${gigaflops.toFixed(0)} GFLOP/s here instead of the usual ${USUAL_GIGAFLOPS}`,
      );
      return false;
    },
  };
}
