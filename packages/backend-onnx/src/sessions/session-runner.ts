import { compileProgram, FROZEN_PREFIX } from "../graph/compile.ts";
import type { Device } from "../devices/device.ts";
import { openSession } from "../devices/device-session.ts";
import { memoryTrimmer } from "../memory/memory-trimmer.ts";
import { NameTable } from "../graph/name-table.ts";
import { DISABLED_OPTIMIZERS, HARMFUL_OPTIMIZERS, type OptimizationLevel } from "../ort/ort-runtime.ts";
import type { OrtLibrary, Pointer } from "../ort/ort-library.ts";
import type { Destinations, OrtSession } from "../ort/ort-session.ts";
import type { Program } from "../recording/program.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import type { ProgramRunner } from "../recording/recording.ts";
import type { Storage } from "../graph/graph.ts";
import { wrapStorage } from "../memory/storage.ts";
import { estimateSessionBytes } from "./session-bytes.ts";
import { sessionCache, type SessionCacheLimits } from "./session-cache.ts";

/** Counts of compiled, cached and run graphs. Times are in milliseconds. */
export interface SessionStatistics {
  /** Number of graphs compiled into sessions, and the time to write and compile them. */
  readonly compiled: number;
  readonly compileMilliseconds: number;
  /** Number of sessions in the cache, and of sessions evicted from it. */
  readonly cached: number;
  readonly evicted: number;
  /** Estimated memory of the cached sessions in bytes. */
  readonly sessionBytes: number;
  /** Number of graphs run, and their time in ONNX Runtime. */
  readonly runs: number;
  readonly runMilliseconds: number;
}

export interface SessionRunnerOptions extends SessionCacheLimits {
  readonly optimization: OptimizationLevel;
}

/** A compiled program outside the cache. */
export interface OwnedProgram {
  /** Computes `outputs` from `leaves`. Their number and types must be those of the recorded program. */
  run(
    leaves: readonly RecordedValue[],
    outputs: readonly RecordedValue[],
    destinations: Destinations | undefined,
  ): void;
  release(): void;
}

/** Compiles programs for the backend's device and optimization level. */
export interface SessionMaker {
  readonly device: Device;
  readonly optimization: OptimizationLevel;
}

/** Runs programs in sessions, which are compiled once per signature. */
export interface SessionRunner extends SessionMaker {
  readonly run: ProgramRunner;
  /** Removes from the cache the session of a program that has just been run. The caller releases it. */
  own(program: Program): OwnedProgram;
  readonly statistics: SessionStatistics;
  dispose(): void;
}

export function sessionRunner(device: Device, limits: SessionRunnerOptions): SessionRunner {
  const { optimization } = limits;
  const cache = sessionCache<OrtSession>(limits);
  const trimmer = memoryTrimmer(device.runtime);
  const counts = { compiled: 0, compileMilliseconds: 0, runs: 0, runMilliseconds: 0 };

  const execute = (session: OrtSession, ...parameters: Parameters<OrtSession["run"]>): void => {
    const start = performance.now();
    session.run(...parameters);
    counts.runs++;
    counts.runMilliseconds += performance.now() - start;
  };

  return {
    device,
    optimization,
    run(program, destinations) {
      const start = performance.now();
      const known = cache.find(program.signature);
      if (known) return execute(known, program.leaves, program.outputs, destinations);
      const model = compileProgram(program, device.createWriter());
      const frozen = program.frozen.map((value) => userOwned(device, value));
      let session: OrtSession;
      try {
        session = openSession(device, optimization, model, (library, options) => {
          prepareOperations(program, library, options);
          addFrozen(library, options, frozen);
        });
      } finally {
        for (const storage of frozen) storage.release();
      }
      cache.add(program.signature, session, estimateSessionBytes(program, model));
      counts.compiled++;
      counts.compileMilliseconds += performance.now() - start;
      trimmer.firstRun(program, () => execute(session, program.leaves, program.outputs, destinations));
    },
    own({ signature }) {
      const session = cache.take(signature);
      if (session === undefined) throw new Error("the session of the last program is no longer in the cache");
      return { run: (...values) => execute(session, ...values), release: () => session.release() };
    },
    get statistics() {
      return { ...counts, cached: cache.size, evicted: cache.evicted, sessionBytes: cache.bytes };
    },
    dispose: () => cache.clear(),
  };
}

/** Sets the options that a session needs to run the operations of a program. */
export function prepareOperations({ nodes }: Program, library: OrtLibrary, options: Pointer): void {
  for (const prepare of new Set(nodes.map(({ operation }) => operation.prepareSession))) prepare?.(library, options);
}

const frozenNames: NameTable = new NameTable(FROZEN_PREFIX);

/**
 * Returns a new handle for the same memory, because ONNX Runtime does not accept the OrtValue of a result as a
 * constant.
 */
function userOwned({ runtime }: Device, { storage, shape, dtype }: RecordedValue): Storage {
  if (storage === undefined) throw new Error("a frozen value has no data");
  return wrapStorage(runtime, storage.view(), shape, dtype);
}

/** Passes the values of the constants f0, f1, ... to the session. ONNX Runtime keeps a packed copy of each matrix. */
export function addFrozen({ call }: OrtLibrary, options: Pointer, frozen: readonly Storage[]): void {
  if (frozen.length === 0) return;
  // Constant folding would search the model for the values.
  call.AddSessionConfigEntry(options, DISABLED_OPTIMIZERS, `${HARMFUL_OPTIMIZERS};ConstantFolding`);
  frozenNames.reserve(frozen.length);
  for (const [index, { handle }] of frozen.entries()) frozenNames.values[index] = handle;
  call.AddExternalInitializers(options, frozenNames.addresses, frozenNames.values, frozen.length);
}
