import { setTimeout } from "node:timers/promises";
import { type Generation, type GenerationRequest, type Model, MlanError, type TextPiece } from "@mlan/core";

/** A request, and the callback that receives its text. */
interface Job {
  /** The id is unique among all jobs. The signal removes the request from the queue, or ends its answer. */
  readonly request: GenerationRequest & { readonly signal: AbortSignal };
  readonly onText?: (piece: TextPiece) => void;
}

export interface Batcher {
  /** Answers a job, together with other waiting jobs. Throws the error that the model throws for this job. */
  answer(job: Job): Promise<Generation>;
  /** Number of jobs that are waiting or being answered. */
  readonly size: number;
  /** Resolves once the model has finished with all jobs so far, including aborted ones. */
  idle(): Promise<void>;
}

/** Time in milliseconds that the first request waits for others that arrive at about the same time. */
const GATHERING_MILLISECONDS = 5;

interface Waiting extends Job {
  readonly settle: (answer: Promise<Generation>) => void;
}

export interface BatchLimits {
  readonly batchSize: number;
  /** Maximum number of batches in progress. They take turns. */
  readonly maximumBatches: number;
}

/**
 * Creates a batcher that passes waiting requests to the model, up to `batchSize` at a time. Requests that arrive while
 * a batch is being answered form another batch. At most `maximumBatches` run at the same time; further requests wait
 * until one ends.
 */
export function createBatcher(model: Pick<Model, "generate">, { batchSize, maximumBatches }: BatchLimits): Batcher {
  const queue: Waiting[] = [];
  let answered = 0;
  const running = new Set<Promise<void>>();

  async function run(): Promise<void> {
    await setTimeout(GATHERING_MILLISECONDS);
    while (queue.length > 0) {
      const batch = queue.splice(0, batchSize);
      answered += batch.length;
      await answerAll(model, batch);
      answered -= batch.length;
    }
  }

  function begin(): void {
    if (running.size === maximumBatches) return;
    const batches = run().finally(() => {
      running.delete(batches);
      // A job may have arrived since the queue was last checked.
      if (queue.length > 0) begin();
    });
    running.add(batches);
  }

  return {
    get size() {
      return queue.length + answered;
    },
    answer(job) {
      const { signal } = job.request;
      return new Promise<Generation>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const leave = (): void => {
          const place = queue.indexOf(waiting);
          if (place >= 0) queue.splice(place, 1);
          if (place >= 0) reject(signal.reason);
        };
        const settle = (answer: Promise<Generation>): void => {
          signal.removeEventListener("abort", leave);
          resolve(answer);
        };
        const waiting = { ...job, settle };
        signal.addEventListener("abort", leave, { once: true });
        queue.push(waiting);
        begin();
      });
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/**
 * Answers a batch and settles every job. When the batch fails, it is answered again in halves, so that only the job
 * that causes the error fails.
 */
async function answerAll(model: Pick<Model, "generate">, jobs: readonly Waiting[]): Promise<void> {
  const left = new Map(jobs.map((job) => [job.request.id, job]));
  const begun = new Set<string>();
  const onText = (piece: TextPiece): void => {
    const job = left.get(piece.id);
    if (!job?.onText) return;
    begun.add(piece.id);
    job.onText(piece);
  };
  try {
    const requests = jobs.map(({ request }) => request);
    for await (const answer of model.generate(requests, { batchSize: requests.length, onText })) {
      left.get(answer.id)?.settle(Promise.resolve(answer));
      left.delete(answer.id);
    }
    for (const job of left.values()) job.settle(Promise.reject(unanswered(job)));
  } catch (error) {
    // Jobs whose text has already been sent cannot be answered again.
    const again = [...left.values()].filter(({ request }) => !begun.has(request.id));
    for (const job of left.values())
      if (begun.has(job.request.id) || jobs.length === 1) job.settle(Promise.reject(error));
    if (jobs.length === 1) return;
    const half = Math.ceil(again.length / 2);
    for (const part of [again.slice(0, half), again.slice(half)]) if (part.length > 0) await answerAll(model, part);
  }
}

function unanswered({ request }: Waiting): MlanError {
  return new MlanError("contract", `the model returned no answer to "${request.id}".`);
}
