/** A test of tfjs-core that fails on this backend, by its full name, and why it has to. */
interface KnownDifference {
  readonly name: string;
  readonly reason: string;
}

/** There is none. Tests that need a kernel or dtype that is left out do not belong here: they say so themselves. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [];
