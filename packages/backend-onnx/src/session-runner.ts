import { compileProgram } from "./compile.ts";
import { createSessionOptions, type OptimizationLevel, type OrtRuntime } from "./ort-runtime.ts";
import { openOrtSession, type Destinations, type OrtSession } from "./ort-session.ts";
import type { RecordedValue } from "./recorded-value.ts";
import type { ProgramRunner } from "./recording.ts";
import { sessionCache } from "./session-cache.ts";

/** What the backend has done so far in this process. Times are milliseconds. */
export interface OnnxStatistics {
  /** Graphs compiled into sessions, and how long that took with writing the graphs. */
  readonly compiled: number;
  readonly compileMilliseconds: number;
  /** Sessions that are ready to be used again, and sessions given back because there were too many. */
  readonly cached: number;
  readonly evicted: number;
  /** Graphs run, and how long ONNX Runtime took. */
  readonly runs: number;
  readonly runMilliseconds: number;
}

export interface SessionRunnerOptions {
  readonly optimization: OptimizationLevel;
  readonly sessions: number;
}

/** A compiled program that no longer depends on the cache. */
export interface OwnedProgram {
  /** Computes `outputs` from `leaves`, which are as many and of the types as when the program was recorded. */
  run(
    leaves: readonly RecordedValue[],
    outputs: readonly RecordedValue[],
    destinations: Destinations | undefined,
  ): void;
  release(): void;
}

/** Runs programs through sessions that are compiled once per signature. */
export interface SessionRunner {
  readonly run: ProgramRunner;
  /** Takes the session of a program that has just been run out of the cache; the caller releases it. */
  own(signature: Int32Array): OwnedProgram;
  readonly statistics: OnnxStatistics;
  /** Gives all sessions back. */
  dispose(): void;
}

export function sessionRunner(runtime: OrtRuntime, { optimization, sessions }: SessionRunnerOptions): SessionRunner {
  const cache = sessionCache<OrtSession>(sessions);
  const options = createSessionOptions(runtime.library, optimization);
  const counts = { compiled: 0, compileMilliseconds: 0, runs: 0, runMilliseconds: 0 };

  const execute = (session: OrtSession, ...[leaves, outputs, destinations]: Parameters<OwnedProgram["run"]>): void => {
    const start = performance.now();
    session.run(leaves, outputs, destinations);
    counts.runs++;
    counts.runMilliseconds += performance.now() - start;
  };

  return {
    run(program, destinations) {
      const start = performance.now();
      let session = cache.find(program.signature);
      if (session === undefined) {
        session = openOrtSession(runtime, options, compileProgram(program));
        cache.add(program.signature, session);
        counts.compiled++;
        counts.compileMilliseconds += performance.now() - start;
      }
      execute(session, program.leaves, program.outputs, destinations);
    },
    own(signature) {
      const session = cache.take(signature);
      if (session === undefined) throw new Error("a session is taken right after it was used");
      return { run: (...values) => execute(session, ...values), release: () => session.release() };
    },
    get statistics() {
      return { ...counts, cached: cache.size, evicted: cache.evicted };
    },
    dispose() {
      cache.clear();
      runtime.library.release.ReleaseSessionOptions(options);
    },
  };
}
