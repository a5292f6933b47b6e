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
import type { SessionMaker } from "../sessions/session-runner.ts";
import { readTrace, type RunNode } from "./trace.ts";

/** What one call of the explained function did. */
export interface CallRecord {
  milliseconds: number;
  compiled: number;
  compileMilliseconds: number;
  /** Time inside of ONNX Runtime's Run. */
  runMilliseconds: number;
  graphs: number;
  readonly written: WrittenNode[];
  readonly nodes: RunNode[];
}

/** Runs programs in sessions of its own, which ONNX Runtime's profiler watches. */
export interface ProfiledSessions {
  readonly run: ProgramRunner;
  /** Times work that runs outside of ONNX Runtime; what it runs inside is not counted twice. */
  around(operation: string, work: () => void): void;
  /** What is run from here on belongs to a call of its own. */
  beginCall(): CallRecord;
  /** The error of the first operation that could not be computed. */
  readonly failure: Error | undefined;
  /** Gives the sessions back and fills the nodes into the calls. */
  finish(): void;
  /** Gives back whatever is left, and deletes the traces. */
  dispose(): void;
}

interface ProfiledSession {
  readonly session: OrtSession;
  readonly written: readonly WrittenNode[];
  /** The call that each run belonged to. */
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
      const session = openSession(device, optimization, model, (library, options) =>
        enableProfiling(library, options, join(folder, `${sessions.length}-`)),
      );
      const opened = { session, written, calls: [], release: () => session.release() };
      cache.add(program.signature, opened, model.length);
      sessions.push(opened);
      call.compiled++;
      return opened;
    } finally {
      call.compileMilliseconds += performance.now() - start;
    }
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
        // Of many nodes each is tried alone next, and the culprit comes back.
        if (program.nodes.length === 1) failure ??= programError(program, error);
        throw error;
      }
    },
    around(operation, work) {
      const { runMilliseconds, compileMilliseconds } = call;
      const start = performance.now();
      work();
      const inside = call.runMilliseconds - runMilliseconds + call.compileMilliseconds - compileMilliseconds;
      const operatorType = "WebAssembly";
      const name = `${operation} `;
      call.written.push({ name, operatorType });
      const milliseconds = performance.now() - start - inside;
      call.nodes.push({ name, operatorType, provider: operatorType, milliseconds });
    },
    beginCall() {
      call = newCall();
      return call;
    },
    get failure() {
      return failure;
    },
    finish() {
      // A trace is written when its session ends.
      cache.clear();
      const files = readdirSync(folder);
      for (const [index, { calls }] of sessions.entries()) {
        const file = files.find((name) => name.startsWith(`${index}-`));
        if (file === undefined) continue;
        const runs = readTrace(readFileSync(join(folder, file), "utf8"));
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

/** ONNX Runtime takes paths as the operating system does. */
function enableProfiling({ call }: OrtLibrary, options: Pointer, prefix: string): void {
  call.EnableProfiling(options, Buffer.from(`${prefix}\0`, process.platform === "win32" ? "utf16le" : "utf8"));
}
