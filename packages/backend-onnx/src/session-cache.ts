/** Something compiled, which must be given back. */
interface Releasable {
  release(): void;
}

/** Compiled sessions by signature; the one used longest ago goes when there are too many. */
export interface SessionCache<Session extends Releasable> {
  readonly size: number;
  readonly evicted: number;
  find(signature: Int32Array): Session | undefined;
  add(signature: Int32Array, session: Session): void;
  /** Gives a session away: the caller releases it. */
  take(signature: Int32Array): Session | undefined;
  clear(): void;
}

interface Entry<Session> {
  readonly signature: Int32Array;
  readonly session: Session;
  lastUse: number;
}

/** `capacity` is the largest number of sessions kept, at least 1. */
export function sessionCache<Session extends Releasable>(capacity: number): SessionCache<Session> {
  const buckets = new Map<number, Entry<Session>[]>();
  let size = 0;
  let evicted = 0;
  let clock = 0;

  const remove = (entry: Entry<Session>): void => {
    const hash = hashOf(entry.signature);
    const rest = (buckets.get(hash) ?? []).filter((other) => other !== entry);
    if (rest.length > 0) buckets.set(hash, rest);
    else buckets.delete(hash);
    size--;
  };

  const evictOldest = (): void => {
    const oldest = [...buckets.values()]
      .flat()
      .reduce((first, entry) => (entry.lastUse < first.lastUse ? entry : first));
    remove(oldest);
    oldest.session.release();
    evicted++;
  };

  const find = (signature: Int32Array): Entry<Session> | undefined =>
    // The hash only finds the bucket; whole signatures are compared, so a collision costs time, never a wrong graph.
    buckets.get(hashOf(signature))?.find((candidate) => equal(candidate.signature, signature));

  return {
    get size() {
      return size;
    },
    get evicted() {
      return evicted;
    },
    find(signature) {
      const entry = find(signature);
      if (entry !== undefined) entry.lastUse = clock++;
      return entry?.session;
    },
    add(signature, session) {
      if (size >= capacity) evictOldest();
      const hash = hashOf(signature);
      const entry = { signature, session, lastUse: clock++ };
      const bucket = buckets.get(hash);
      if (bucket === undefined) buckets.set(hash, [entry]);
      else bucket.push(entry);
      size++;
    },
    take(signature) {
      const entry = find(signature);
      if (entry !== undefined) remove(entry);
      return entry?.session;
    },
    clear() {
      for (const bucket of buckets.values()) for (const entry of bucket) entry.session.release();
      buckets.clear();
      size = 0;
    },
  };
}

/** FNV-1a over 32-bit words. */
function hashOf(words: Int32Array): number {
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return hash;
}

function equal(left: Int32Array, right: Int32Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}
