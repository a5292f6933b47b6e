import { compileProgram } from "./compile.ts";
import { memoryUpkeep } from "./memory-upkeep.ts";
import { createSessionOptions, type OptimizationLevel, type OrtRuntime } from "./ort-runtime.ts";
import { openOrtSession, type OrtSession } from "./ort-session.ts";
import type { Pointer } from "./ort-library.ts";
import type { ProgramRunner } from "./recording.ts";
import { estimateSessionBytes } from "./session-bytes.ts";
import { sessionCache, type SessionCacheLimits } from "./session-cache.ts";

/** What was compiled and run so far, and what is kept of it. Times are milliseconds. */
export interface SessionStatistics {
  /** Graphs compiled into sessions, and how long that took with writing the graphs. */
  readonly compiled: number;
  readonly compileMilliseconds: number;
  /** Sessions that are ready to be used again, and sessions given back because there were too many. */
  readonly cached: number;
  readonly evicted: number;
  /** What the sessions that are ready hold together, in bytes, estimated. */
  readonly sessionBytes: number;
  /** Graphs run, and how long ONNX Runtime took. */
  readonly runs: number;
  readonly runMilliseconds: number;
}

export interface SessionRunnerOptions extends SessionCacheLimits {
  readonly optimization: OptimizationLevel;
}

/** Runs programs through sessions that are compiled once per signature. */
export interface SessionRunner {
  readonly run: ProgramRunner;
  readonly statistics: SessionStatistics;
  /** Gives all sessions back. */
  dispose(): void;
}

export function sessionRunner(runtime: OrtRuntime, limits: SessionRunnerOptions): SessionRunner {
  const cache = sessionCache<OrtSession>(limits);
  const upkeep = memoryUpkeep(runtime.library);
  const options = createSessionOptions(runtime.library, limits.optimization);
  const counts = { compiled: 0, compileMilliseconds: 0, runs: 0, runMilliseconds: 0 };

  return {
    run(program, destinations) {
      const start = performance.now();
      let session = cache.find(program.signature);
      let runOptions: Pointer | undefined;
      if (session === undefined) {
        const model = compileProgram(program);
        session = openOrtSession(runtime, options, model);
        cache.add(program.signature, session, estimateSessionBytes(program, model));
        runOptions = upkeep.compiled(program);
        counts.compiled++;
        counts.compileMilliseconds += performance.now() - start;
      }
      const compiled = performance.now();
      session.run(program.leaves, program.outputs, destinations, runOptions);
      counts.runs++;
      counts.runMilliseconds += performance.now() - compiled;
    },
    get statistics() {
      return { ...counts, cached: cache.size, evicted: cache.evicted, sessionBytes: cache.bytes };
    },
    dispose() {
      cache.clear();
      upkeep.dispose();
      runtime.library.release.ReleaseSessionOptions(options);
    },
  };
}
