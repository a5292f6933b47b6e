interface Releasable {
  release(): void;
}

/**
 * Compiled sessions by signature. Evicts the least recently used ones when there are too many or they take too much
 * memory.
 */
export interface SessionCache<Session extends Releasable> {
  readonly size: number;
  /** Memory of all cached sessions, in bytes. */
  readonly bytes: number;
  readonly evicted: number;
  find(signature: Int32Array): Session | undefined;
  /** Adds a session that takes `bytes` bytes of memory. A session larger than the limit is kept alone. */
  add(signature: Int32Array, session: Session, bytes: number): void;
  /** Removes a session from the cache. The caller releases it. */
  take(signature: Int32Array): Session | undefined;
  clear(): void;
}

export interface SessionCacheLimits {
  /** Maximum number of sessions, at least 1. */
  readonly sessions: number;
  /** Maximum total size of all sessions, in bytes. */
  readonly sessionBytes: number;
}

interface Entry<Session> {
  readonly signature: Int32Array;
  readonly hash: number;
  readonly session: Session;
  readonly bytes: number;
}

export function sessionCache<Session extends Releasable>(limits: SessionCacheLimits): SessionCache<Session> {
  const buckets = new Map<number, Entry<Session>[]>();
  // A Set keeps insertion order. A session moves to the end when it is used.
  const byLastUse = new Set<Entry<Session>>();
  let bytes = 0;
  let evicted = 0;

  const remove = (entry: Entry<Session>): void => {
    byLastUse.delete(entry);
    const rest = (buckets.get(entry.hash) ?? []).filter((other) => other !== entry);
    if (rest.length > 0) buckets.set(entry.hash, rest);
    else buckets.delete(entry.hash);
    bytes -= entry.bytes;
  };

  const evictOldest = (): void => {
    const [oldest] = byLastUse;
    if (oldest === undefined) return;
    remove(oldest);
    oldest.session.release();
    evicted++;
  };
  const isFull = (more: number): boolean =>
    byLastUse.size >= limits.sessions || (byLastUse.size > 0 && bytes + more > limits.sessionBytes);

  const find = (signature: Int32Array): Entry<Session> | undefined =>
    // The hash only finds the bucket. Whole signatures are compared, so a collision costs time, but never returns a
    // wrong graph.
    buckets.get(hashOf(signature))?.find((candidate) => equal(candidate.signature, signature));

  return {
    get size() {
      return byLastUse.size;
    },
    get bytes() {
      return bytes;
    },
    get evicted() {
      return evicted;
    },
    find(signature) {
      const entry = find(signature);
      if (entry === undefined) return undefined;
      byLastUse.delete(entry);
      byLastUse.add(entry);
      return entry.session;
    },
    add(signature, session, more) {
      while (isFull(more)) evictOldest();
      const entry = { signature, hash: hashOf(signature), session, bytes: more };
      const bucket = buckets.get(entry.hash);
      if (bucket === undefined) buckets.set(entry.hash, [entry]);
      else bucket.push(entry);
      byLastUse.add(entry);
      bytes += more;
    },
    take(signature) {
      const entry = find(signature);
      if (entry !== undefined) remove(entry);
      return entry?.session;
    },
    clear() {
      for (const { session } of byLastUse) session.release();
      buckets.clear();
      byLastUse.clear();
      bytes = 0;
    },
  };
}

/** Returns the FNV-1a hash of 32-bit words. */
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
