import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { OnnxBackend } from "../onnx-backend.ts";
import { explanation, type Explanation } from "./explanation.ts";
import { profiledSessions, type CallRecord, type ProfiledSessions } from "./profiled-sessions.ts";

export interface ExplainOptions {
  /** Calls that are measured after the first. Default 3. */
  readonly calls?: number;
}

/**
 * Calls `work`, which uses tfjs ops, once and then `calls` times more, and tells where the time went. It may be a
 * forward pass or a whole training step (which then trains). Programs are compiled anew with ONNX Runtime's profiler in
 * them, which slows each node by some microseconds; the graphs compiled before stay as they are. Tensors that `work`
 * makes are disposed unless they are kept.
 *
 * Throws {@link BackendError} "unsupported" when another backend is current or another explanation is not finished,
 * "invalid-options" for an impossible option, and whatever `work` throws or could not be computed.
 */
export async function explain(work: () => unknown, options: ExplainOptions = {}): Promise<Explanation> {
  const { calls = 3 } = options;
  if (!Number.isSafeInteger(calls) || calls < 1) {
    throw new BackendError("invalid-options", `calls: ${calls} is not a whole number from 1.`);
  }
  const backend = currentBackend();
  // What was recorded before is no part of it.
  backend.recording.flush();
  const sessions = profiledSessions(backend.sessions);
  backend.explainer = sessions;
  try {
    const records: CallRecord[] = [];
    for (let index = 0; index <= calls; index++) records.push(await measure(backend, sessions, work));
    sessions.finish();
    const [first, ...later] = records;
    if (first === undefined) throw new Error("there is a first call");
    return explanation(first, later);
  } finally {
    backend.explainer = undefined;
    sessions.dispose();
  }
}

function currentBackend(): OnnxBackend {
  const backend = tf.backend();
  if (!(backend instanceof OnnxBackend)) {
    throw new BackendError(
      "unsupported",
      `explain measures the backend "onnx", and "${tf.getBackend()}" is current. Call useOnnxBackend() first.`,
    );
  }
  if (backend.explainer === undefined) return backend;
  throw new BackendError("unsupported", "another explanation is not finished. Await it first.");
}

async function measure(backend: OnnxBackend, sessions: ProfiledSessions, work: () => unknown): Promise<CallRecord> {
  const engine = tf.engine();
  const call = sessions.beginCall();
  // The inner scope drops intermediates before anything is computed, as tf.tidy would; the outer one the results.
  engine.startScope("explain");
  try {
    const start = performance.now();
    let result: unknown;
    engine.startScope("call");
    try {
      result = await work();
    } finally {
      engine.endScope(result as tf.TensorContainer);
    }
    backend.recording.flush();
    call.milliseconds = performance.now() - start;
  } finally {
    engine.endScope();
  }
  if (sessions.failure !== undefined) throw sessions.failure;
  return call;
}
