/** The part of PyTorch's CPU random generator that shuffles data. */
export interface TorchRandom {
  /** Returns the next `torch.randperm(length)`. */
  permutation(length: number): Uint32Array;
}

/** Creates a generator with PyTorch's permutations after `torch.manual_seed(seed)`, for lengths below 2^32 / 20. */
export function torchRandom(seed: number): TorchRandom {
  const twister = new MersenneTwister(seed);
  return {
    permutation(length) {
      const order = Uint32Array.from({ length }, (_, index) => index);
      for (let index = 0; index < length - 1; index++) {
        const other = index + (twister.next() % (length - index));
        const moved = order[index] ?? 0;
        order[index] = order[other] ?? 0;
        order[other] = moved;
      }
      return order;
    },
  };
}

const SIZE = 624;
const SHIFT = 397;

/** The Mersenne Twister MT19937 of Matsumoto and Nishimura (1998), seeded with their `init_genrand`. */
class MersenneTwister {
  readonly #state = new Uint32Array(SIZE);
  #position = SIZE;

  constructor(seed: number) {
    this.#state[0] = seed;
    for (let index = 1; index < SIZE; index++) {
      const previous = this.#at(index - 1);
      this.#state[index] = Math.imul(1_812_433_253, previous ^ (previous >>> 30)) + index;
    }
  }

  /** Returns a uniform integer in 0..2^32-1. */
  next(): number {
    if (this.#position === SIZE) this.#refill();
    let bits = this.#at(this.#position++);
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  #refill(): void {
    for (let index = 0; index < SIZE; index++) {
      const joined = (this.#at(index) & 0x80000000) | (this.#at((index + 1) % SIZE) & 0x7fffffff);
      const twist = joined & 1 ? 0x9908b0df : 0;
      this.#state[index] = this.#at((index + SHIFT) % SIZE) ^ (joined >>> 1) ^ twist;
    }
    this.#position = 0;
  }

  #at(index: number): number {
    return this.#state[index] ?? 0;
  }
}
