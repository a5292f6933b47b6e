/** A line of a prompt, as word numbers, and the number of its question's cluster. */
export interface PromptLine {
  readonly words: readonly number[];
  readonly cluster: number;
}

/**
 * Returns how many words at the start of each line belong to the benchmark's template: the longest start that occurs in
 * at least two clusters, and in at least a fraction `share` of all clusters. `lines` must be sorted by cluster.
 */
export function commonStarts(lines: readonly PromptLine[], clusters: number, share: number): Int32Array {
  const least = Math.max(2, clusters * share);
  const lengths = new Int32Array(lines.length);
  let active = lines.map((line, index) => ({ line, index, start: 0 }));
  for (let depth = 0; active.length > 0; depth++) {
    const seen = new Map<string, { clusters: number; last: number; start: number }>();
    const keyOf = ({ line, start }: (typeof active)[number]): string => `${start} ${line.words[depth]}`;
    active = active.filter(({ line }) => line.words.length > depth);
    for (const entry of active) {
      const found = seen.get(keyOf(entry));
      if (!found) seen.set(keyOf(entry), { clusters: 1, last: entry.line.cluster, start: seen.size });
      else if (found.last !== entry.line.cluster) {
        found.clusters++;
        found.last = entry.line.cluster;
      }
    }
    active = active.flatMap((entry) => {
      const found = seen.get(keyOf(entry));
      return found && found.clusters >= least ? [{ ...entry, start: found.start }] : [];
    });
    for (const { index } of active) lengths[index] = depth + 1;
  }
  return lengths;
}
