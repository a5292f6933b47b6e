import type { DownloadProgress, OpenOptions } from "../contracts/dataset.ts";

/** Emitted before the first stage, while files of the model or of data are downloaded. */
export interface DownloadEvent extends DownloadProgress {
  readonly type: "download";
}

/**
 * Runs `open` and yields its downloads. Progress that arrives before the consumer asks replaces what came before it.
 * When the consumer stops, `open` is aborted.
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
    // What has been opened may go on using the signal.
    if (!settled) stopped.abort();
  }
}
