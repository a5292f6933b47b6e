import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { directExecution } from "../execution.ts";
import { OnnxBackend } from "../onnx-backend.ts";
import { explanation, type Explanation } from "./explanation.ts";
import { profiledSessions, type CallRecord, type ProfiledSessions } from "./profiled-sessions.ts";

export interface ExplainOptions {
  /** Number of measured calls after the first. Default 3. */
  readonly calls?: number;
}

/**
 * Measures a function by operation: calls `work` once and then `calls` more times. `work` uses tfjs ops, e.g. a forward
 * pass or a training step (which then trains). Its graphs are compiled with ONNX Runtime's profiler, which slows each
 * node by a few microseconds. Graphs compiled earlier are neither used nor changed. Tensors that `work` makes are
 * disposed unless they are kept (`tf.keep`).
 *
 * Throws {@link BackendError} "unsupported" if a different backend is current or an earlier `explain` has not finished,
 * "invalid-options" for an invalid option, and any error of `work` or its graphs.
 */
export async function explain(work: () => unknown, options: ExplainOptions = {}): Promise<Explanation> {
  const { calls = 3 } = options;
  if (!Number.isSafeInteger(calls) || calls < 1) {
    throw new BackendError("invalid-options", `calls: ${calls} is not a whole number, 1 or more.`);
  }
  const backend = currentBackend();
  // Operations recorded before this call must not count.
  backend.recording.flush();
  const sessions = profiledSessions(backend.sessions);
  const leave = backend.enter(directExecution(sessions.run, { kind: "explaining", runOutsideGraph: sessions.measure }));
  try {
    const records: CallRecord[] = [];
    for (let index = 0; index <= calls; index++) records.push(await measure(backend, sessions, work));
    sessions.finish();
    const [first, ...later] = records;
    if (first === undefined) throw new Error("there is a first call");
    return explanation(first, later);
  } finally {
    leave();
    sessions.dispose();
  }
}

function currentBackend(): OnnxBackend {
  const backend = tf.backend();
  if (!(backend instanceof OnnxBackend)) {
    throw new BackendError(
      "unsupported",
      `explain measures the backend "onnx", but "${tf.getBackend()}" is current. Call useOnnxBackend() first.`,
    );
  }
  const { kind } = backend.execution;
  if (kind === "direct") return backend;
  throw new BackendError(
    "unsupported",
    kind === "explaining"
      ? "an earlier call of explain is not finished. Await it first."
      : "explain was called inside a compiled function. Call it outside, with the function as its work.",
  );
}

async function measure(backend: OnnxBackend, sessions: ProfiledSessions, work: () => unknown): Promise<CallRecord> {
  const engine = tf.engine();
  const call = sessions.beginCall();
  // As in tf.tidy, the inner scope disposes intermediate tensors before anything is computed. The outer scope disposes
  // results.
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
