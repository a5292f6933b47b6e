const UNITS = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
] as const;

/** Formats a size in the largest unit of which there is at least one, e.g. "1.25 GB", "640 kB". */
export function bytesText(bytes: number): string {
  const [unit, size] = UNITS.find(([, least]) => bytes >= least) ?? UNITS[2];
  const count = bytes / size;
  return `${count.toFixed(count < 10 ? 2 : 0)} ${unit}`;
}
