import { once } from "node:events";
import { basename, resolve } from "node:path";
import type { TrainableModel } from "@mlan/core";
import { serve } from "@mlan/serve";
import { checkpointPlace } from "../project/checkpoint-place.ts";
import { pathAt } from "../project/folders.ts";
import { openInterruption } from "../terminal/interruption.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type ModelRequest, openModel } from "./open-model.ts";

export interface ServeRequest extends ModelRequest {
  readonly name?: string;
  readonly host: string;
  readonly port: number;
  readonly apiKey?: string;
  readonly batchSize?: number;
  readonly maxTokens?: number;
  readonly maxImages?: number;
  /** Maximum size of a request body, in MB of 10^6 bytes. */
  readonly maxBody?: number;
  /** Maximum total size of the bodies of unanswered requests, in MB of 10^6 bytes. */
  readonly maxBodies?: number;
  readonly maxBatches?: number;
  readonly maxWaiting?: number;
  /** Maximum time per request, in seconds. */
  readonly timeout?: number;
}

/** Serves a checkpoint until a signal arrives. Returns the exit status. */
export async function serveModel(request: ServeRequest, terminal: Terminal): Promise<number> {
  const { checkpoint, host, port, apiKey, batchSize, maxTokens, maxImages, maxBody, maxWaiting, timeout } = request;
  const { maxBodies, maxBatches } = request;
  let model: TrainableModel | undefined;
  // Listens first, so that a port that is in use is reported before gigabytes are loaded.
  const open = async (): Promise<TrainableModel> => (model = await openModel(request, terminal));
  try {
    const name = request.name ?? nameOf(checkpoint);
    const server = await serve(open, {
      name,
      host,
      port,
      ...(apiKey !== undefined && { apiKey }),
      ...(batchSize !== undefined && { batchSize }),
      ...(maxTokens !== undefined && { maximumTokens: maxTokens }),
      ...(maxImages !== undefined && { maximumImages: maxImages }),
      ...(maxBody !== undefined && { maximumBodyBytes: Math.ceil(maxBody * 1e6) }),
      ...(maxBodies !== undefined && { maximumHeldBytes: Math.ceil(maxBodies * 1e6) }),
      ...(maxBatches !== undefined && { maximumBatches: maxBatches }),
      ...(maxWaiting !== undefined && { maximumWaiting: maxWaiting }),
      ...(timeout !== undefined && { requestSeconds: timeout }),
    });
    using interruption = openInterruption(() =>
      terminal.note("Finishing the answers that have begun. Ctrl-C again stops at once."),
    );
    terminal.print(`${name} is served at ${server.url}`);
    if (!interruption.signal.aborted) await once(interruption.signal, "abort");
    await server.close();
    return 0;
  } finally {
    model?.dispose();
  }
}

/** Returns the model's name for clients, e.g. `llava-7b` for `./models/llava-7b/` and for `hub:acme/llava-7b@main`. */
function nameOf(checkpoint: string): string {
  const place = checkpointPlace(checkpoint);
  return basename(place instanceof URL ? resolve(pathAt(checkpoint)) : place.repository) || "model";
}
