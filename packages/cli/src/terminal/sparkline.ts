const LEVELS = "▁▂▃▄▅▆▇█";

/**
 * Draws a curve of at most `width` block characters. Each shows the mean of a bin, scaled between the lowest and the
 * highest mean; "!" marks a mean that is not finite.
 */
export function sparkline(values: readonly number[], width: number): string {
  const bins = Math.min(values.length, Math.max(1, width));
  const means = Array.from({ length: bins }, (_, bin) => {
    const part = values.slice(Math.floor((bin * values.length) / bins), Math.floor(((bin + 1) * values.length) / bins));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const numbers = means.filter(Number.isFinite);
  const lowest = Math.min(...numbers);
  const span = Math.max(...numbers) - lowest;
  return means
    .map((mean) => LEVELS[span === 0 ? 0 : Math.round(((mean - lowest) / span) * (LEVELS.length - 1))])
    .map((level, bin) => (Number.isFinite(means[bin]) ? (level ?? " ") : "!"))
    .join("");
}
