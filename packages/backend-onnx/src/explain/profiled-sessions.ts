import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileProgram, programError } from "../graph/compile.ts";
import type { WrittenNode } from "../graph/onnx-writer.ts";
import type { OrtLibrary, Pointer } from "../ort/ort-library.ts";
import type { OrtSession } from "../ort/ort-session.ts";
import { openSession } from "../devices/device-session.ts";
import type { Program } from "../recording/program.ts";
import type { ProgramRunner } from "../recording/recording.ts";
import { sessionCache } from "../sessions/session-cache.ts";
import { prepareOperations, type SessionMaker } from "../sessions/session-runner.ts";
import { readProfile, type RunNode } from "./profile.ts";

export interface CallRecord {
  milliseconds: number;
  compiled: number;
  compileMilliseconds: number;
  /** Milliseconds inside ONNX Runtime's function Run. */
  runMilliseconds: number;
  graphs: number;
  readonly written: WrittenNode[];
  readonly nodes: RunNode[];
}

/** Runs programs in separate sessions with ONNX Runtime's profiler. */
export interface ProfiledSessions {
  readonly run: ProgramRunner;
  /** Measures work outside ONNX Runtime. Graphs that `work` compiles or runs are not counted twice. */
  measure(operation: string, work: () => void): void;
  beginCall(): CallRecord;
  /** The error of the first failed operation. */
  readonly failure: Error | undefined;
  /** Releases the sessions and adds their nodes to the call records. */
  finish(): void;
  /** Releases the sessions and deletes the profiles. */
  dispose(): void;
}

interface ProfiledSession {
  readonly session: OrtSession;
  readonly written: readonly WrittenNode[];
  /** For each run of the session, the record of the call that the run belongs to. */
  readonly calls: CallRecord[];
}

export function profiledSessions(maker: SessionMaker): ProfiledSessions {
  const { device, optimization } = maker;
  const folder = mkdtempSync(join(tmpdir(), "backend-onnx-"));
  const cache = sessionCache<ProfiledSession & { release(): void }>({ sessions: Infinity, sessionBytes: Infinity });
  const sessions: ProfiledSession[] = [];
  let call = newCall();
  let failure: Error | undefined;

  const open = (program: Program): ProfiledSession => {
    const start = performance.now();
    const written: WrittenNode[] = [];
    try {
      const model = compileProgram(
        program,
        device.createWriter((node) => written.push(node)),
      );
      const session = openSession(device, optimization, model, (library, options) => {
        prepareOperations(program, library, options);
        enableProfiling(library, options, join(folder, `${sessions.length}-`));
      });
      const opened = { session, written, calls: [], release: () => session.release() };
      cache.add(program.signature, opened, model.length);
      sessions.push(opened);
      call.compiled++;
      return opened;
    } finally {
      call.compileMilliseconds += performance.now() - start;
    }
  };

  const measure = (operation: string, work: () => void): void => {
    const { runMilliseconds, compileMilliseconds } = call;
    const start = performance.now();
    work();
    const inside = call.runMilliseconds - runMilliseconds + call.compileMilliseconds - compileMilliseconds;
    const name = `${operation} `;
    const operatorType = "WebAssembly";
    call.written.push({ name, operatorType });
    call.nodes.push({ name, operatorType, provider: operatorType, milliseconds: performance.now() - start - inside });
  };

  return {
    run(program, destinations) {
      try {
        const opened = cache.find(program.signature) ?? open(program);
        const start = performance.now();
        opened.session.run(program.leaves, program.outputs, destinations);
        call.runMilliseconds += performance.now() - start;
        call.graphs++;
        call.written.push(...opened.written);
        opened.calls.push(call);
      } catch (error) {
        // If a program with several nodes fails, its nodes run one by one next, and the failing node is recorded.
        if (program.nodes.length === 1) failure ??= programError(program, error);
        throw error;
      }
    },
    measure,
    beginCall() {
      call = newCall();
      return call;
    },
    get failure() {
      return failure;
    },
    finish() {
      // A profile is written when its session ends.
      cache.clear();
      const files = readdirSync(folder);
      for (const [index, { calls }] of sessions.entries()) {
        const file = files.find((name) => name.startsWith(`${index}-`));
        if (file === undefined) continue;
        const runs = readProfile(readFileSync(join(folder, file), "utf8"));
        for (const [place, nodes] of runs.entries()) calls[place]?.nodes.push(...nodes);
      }
    },
    dispose() {
      cache.clear();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function newCall(): CallRecord {
  return {
    milliseconds: 0,
    compiled: 0,
    compileMilliseconds: 0,
    runMilliseconds: 0,
    graphs: 0,
    written: [],
    nodes: [],
  };
}

/** ONNX Runtime expects paths in the operating system's encoding. */
function enableProfiling({ call }: OrtLibrary, options: Pointer, prefix: string): void {
  call.EnableProfiling(options, Buffer.from(`${prefix}\0`, process.platform === "win32" ? "utf16le" : "utf8"));
}
