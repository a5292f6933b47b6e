import { compileProgram } from "./compile.ts";
import type { OptimizationLevel } from "./ort-runtime.ts";
import type { Device } from "./devices/device.ts";
import { openSession } from "./devices/device-session.ts";
import type { OrtSession } from "./ort-session.ts";
import type { Program } from "./program.ts";
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

/** What it takes to compile a program as the backend does. */
export interface SessionMaker {
  readonly device: Device;
  readonly optimization: OptimizationLevel;
}

/** Runs programs through sessions that are compiled once per signature. */
export interface SessionRunner extends SessionMaker {
  readonly run: ProgramRunner;
  readonly statistics: OnnxStatistics;
  /** Gives all sessions back. */
  dispose(): void;
}

export function sessionRunner(device: Device, { optimization, sessions }: SessionRunnerOptions): SessionRunner {
  const cache = sessionCache<OrtSession>(sessions);
  const compile = (program: Program): OrtSession =>
    openSession(device, optimization, compileProgram(program, device.createWriter()));
  const counts = { compiled: 0, compileMilliseconds: 0, runs: 0, runMilliseconds: 0 };

  return {
    device,
    optimization,
    run(program, destinations) {
      const start = performance.now();
      let session = cache.find(program.signature);
      if (session === undefined) {
        session = compile(program);
        cache.add(program.signature, session);
        counts.compiled++;
        counts.compileMilliseconds += performance.now() - start;
      }
      const compiled = performance.now();
      session.run(program.leaves, program.outputs, destinations);
      counts.runs++;
      counts.runMilliseconds += performance.now() - compiled;
    },
    get statistics() {
      return { ...counts, cached: cache.size, evicted: cache.evicted };
    },
    dispose() {
      cache.clear();
    },
  };
}
