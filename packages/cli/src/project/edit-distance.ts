/**
 * Returns the Damerau-Levenshtein distance: the smallest number of insertions, deletions, replacements and swaps of
 * neighboring letters.
 */
export function editDistance(one: string, other: string): number {
  const longest = Math.max(one.length, other.length);
  // The table grows quadratically, and names of packages and files are shorter.
  if (longest > 100) return longest;
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? longest;
  for (let row = 1; row <= one.length; row++) {
    rows[row] = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      const exchanged = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const steps = [
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
        ...(row > 1 && column > 1 && exchanged ? [at(row - 2, column - 2) + 1] : []),
      ];
      rows[row]?.push(Math.min(...steps));
    }
  }
  return at(one.length, other.length);
}
