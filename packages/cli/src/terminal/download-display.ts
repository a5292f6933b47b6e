import type { Clock, DownloadProgress } from "@mlan/core";
import { significant } from "@mlan/run-view";
import { clipped } from "./progress-text.ts";
import { displayInterval, type Terminal } from "./terminal.ts";

/** Minimum size of a file, in bytes, whose download is reported in plain lines. */
const LEAST_FOR_LINES = 1e6;

/**
 * Returns a function that shows downloads: on an interactive terminal in a line that is redrawn, elsewhere in plain
 * lines at the start and end of a large file and every ten seconds.
 */
export function downloadDisplay(terminal: Terminal, clock: Clock): (progress: DownloadProgress) => void {
  let file: string | undefined;
  let last = -Infinity;
  return (progress) => {
    const isNew = progress.file !== file;
    if (!isNew && progress.bytes < progress.size && clock.now() - last < displayInterval(terminal)) return;
    file = progress.file;
    last = clock.now();
    if (terminal.interactive) terminal.redraw(clipped(downloadLine(progress), terminal.columns() - 1));
    else if (progress.size >= LEAST_FOR_LINES) terminal.note(downloadLine(progress));
  };
}

/** Describes a download, e.g. "downloading model.safetensors of acme/tiny on the Hub: 1.20 of 13.5 GB". */
function downloadLine({ activity = "downloading", file, source, bytes, size }: DownloadProgress): string {
  const [unit, scale] = size < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${activity} ${file} of ${source}: ${significant(bytes / scale)} of ${significant(size / scale)} ${unit}`;
}
