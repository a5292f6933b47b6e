import { hubFetch } from "./hub-fetch.ts";
import type { HubSettings } from "./hub-settings.ts";

export interface UploadWatcher {
  /** Called with the number of bytes of a file that have been sent. */
  onSent(path: string, bytes: number): void;
  /** Called when a file that was sent in one piece has been stored. */
  onStored(path: string): void;
}

/** Factor on the timeout, because the last bytes wait in the system's buffers before the storage responds. */
const PATIENCE = 4;

/**
 * Returns a `fetch` for `@huggingface/hub` that does not time out while a file's bytes are being sent. A file fails
 * when nothing happens for four times `settings.timeout`. `signal` aborts all requests.
 */
export function uploadFetch(
  settings: HubSettings,
  signal: AbortSignal | undefined,
  { onSent, onStored }: UploadWatcher,
): typeof fetch {
  const short = hubFetch(settings, signal);
  const patience = PATIENCE * settings.timeout;
  const send = async (input: Parameters<typeof fetch>[0], init: RequestInit, body: Blob): Promise<Response> => {
    const { path = "", part }: { readonly path?: string; readonly part?: number } = Object(Object(init).progressHint);
    const stalled = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const watch = (): void => {
      clearTimeout(timer);
      const reason = new Error(`no bytes of ${path} could be sent in ${patience / 1000} s`);
      timer = setTimeout(() => stalled.abort(reason), patience);
    };
    watch();
    const counted = new CountedBlob(body, (bytes) => {
      watch();
      onSent(path, bytes);
    });
    try {
      const signals = [stalled.signal, ...(signal ? [signal] : []), ...(init.signal ? [init.signal] : [])];
      const response = await fetch(input, { ...init, body: counted, signal: AbortSignal.any(signals) });
      if (response.ok && part === undefined) onStored(path);
      if (response.ok) return response;
      await response.body?.cancel();
      throw new Error(`the Hub's storage answered ${response.status}`, { cause: response });
    } catch (cause) {
      throw stalled.signal.aborted ? stalled.signal.reason : cause;
    } finally {
      clearTimeout(timer);
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return (input, init) => {
    const body = init?.body;
    if (typeof body === "string" && /\/preupload\/[^/]+$/.test(addressOf(input)))
      return short(input, init).then((response) => withoutEmptyLargeFiles(response, body));
    if (!(body instanceof Blob)) return short(input, init);
    // Files are sent one after another: if one fails, all others that were being sent would be lost.
    const turn = last.then(() => send(input, init ?? {}, body));
    last = turn.catch(() => undefined);
    return turn;
  };
}

function addressOf(input: Parameters<typeof fetch>[0]): string {
  return input instanceof Request ? input.url : String(input);
}

/**
 * Changes a response of the Hub so that empty files are committed as small ones, as Python's `huggingface_hub` does.
 * The Hub's storage accepts no empty files.
 */
async function withoutEmptyLargeFiles(response: Response, asked: string): Promise<Response> {
  const listOf = (value: unknown): readonly { readonly path?: unknown; readonly size?: unknown }[] =>
    [Object(value).files ?? []].flat();
  const empty = new Set(listOf(JSON.parse(asked)).flatMap(({ path, size: bytes }) => (bytes === 0 ? [path] : [])));
  const answer: unknown = await response.json();
  const files = listOf(answer).map((file) => (empty.has(file.path) ? { ...file, uploadMode: "regular" } : file));
  return Response.json({ ...Object(answer), files });
}

/** A blob that reports how much of it has been read. */
class CountedBlob extends Blob {
  override readonly size: number;
  override readonly type: string;
  readonly #source: Blob;
  readonly #onRead: (bytes: number) => void;

  constructor(source: Blob, onRead: (bytes: number) => void) {
    super([]);
    this.size = source.size;
    this.type = source.type;
    this.#source = source;
    this.#onRead = onRead;
  }

  override stream(): ReturnType<Blob["stream"]> {
    const onRead = this.#onRead;
    return this.#source.stream().pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          onRead(chunk.length);
          controller.enqueue(chunk);
        },
      }),
    );
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#source.arrayBuffer();
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    return this.#source.slice(start, end, type);
  }
}
