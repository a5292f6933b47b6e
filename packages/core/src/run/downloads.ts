import type { DownloadProgress, OpenOptions } from "../contracts/dataset.ts";

/** Emitted before the first stage, while files of the model or the data are downloaded. */
export interface DownloadEvent extends DownloadProgress {
  readonly type: "download";
}

/**
 * Runs `open` and yields the progress of its downloads. A slow consumer receives only the latest progress. If the
 * consumer stops early, `open` is aborted.
 */
export async function* withDownloads<Opened>(
  open: (options: OpenOptions) => Promise<Opened>,
  signal: AbortSignal | undefined,
): AsyncGenerator<DownloadEvent, Opened, undefined> {
  const stopped = new AbortController();
  let latest: DownloadProgress | undefined;
  let settled = false;
  let wake = (): void => undefined;
  const onDownload = (progress: DownloadProgress): void => {
    latest = progress;
    wake();
  };
  const opening = open({
    onDownload,
    signal: signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal,
  });
  const settle = (): void => {
    settled = true;
    wake();
  };
  opening.then(settle, settle);
  try {
    for (;;) {
      if (latest) {
        const progress = latest;
        latest = undefined;
        yield { type: "download", ...progress };
        continue;
      }
      if (settled) return await opening;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    // Opened data may use the signal later, so the signal is aborted only if `open` has not finished.
    if (!settled) stopped.abort();
  }
}
