import { availableParallelism } from "node:os";
import { BackendError } from "../backend-error.ts";
import { heldBytes, type HeldBytes } from "../memory/held-bytes.ts";
import { onnxWriter } from "../graph/onnx-writer.ts";
import { loadOrtLibrary, type OrtLibrary, type Pointer } from "./ort-library.ts";

/** How far ONNX Runtime rewrites a graph before it runs it. */
export type OptimizationLevel = "none" | "basic" | "extended" | "all";

/** The process's one ONNX Runtime: library, environment with its thread pool, and the arena that all sessions share. */
export interface OrtRuntime {
  readonly library: OrtLibrary;
  readonly threads: number;
  readonly environment: Pointer;
  /** Describes plain CPU memory that ONNX Runtime does not own. */
  readonly memoryInfo: Pointer;
  /** The shared arena: freed tensors are reused without asking the operating system. */
  readonly allocator: Pointer;
  /** Counted by whoever allocates and releases. */
  readonly held: HeldBytes;
}

/** Errors are thrown; a log would say them a second time. */
const LOG_FATAL_ONLY = 4;
const DEVICE_ALLOCATOR = 0;
const ARENA_ALLOCATOR = 1;
const MEMORY_TYPE_DEFAULT = 0;
const DEFAULT = -1;
const SAME_AS_REQUESTED = 1;
const OPTIMIZATION_LEVELS: Readonly<Record<OptimizationLevel, number>> = { none: 0, basic: 1, extended: 2, all: 99 };

/** The session option that names rewritings which are left out, separated by semicolons. */
export const DISABLED_OPTIMIZERS = "optimization.disable_specified_optimizers";
/** It moves padding into a pooling node, whose padding means something else and has to be narrower than the window. */
export const HARMFUL_OPTIMIZERS = "Pad_Fusion";

let runtime: OrtRuntime | undefined;

/**
 * Opens ONNX Runtime, once per process: the environment and its threads live until the process ends.
 * `threads` defaults to the available parallelism; asking later for another number throws.
 */
export function openOrtRuntime(threads?: number): OrtRuntime {
  runtime ??= createRuntime(threads ?? availableParallelism());
  if (threads !== undefined && threads !== runtime.threads) {
    throw new BackendError(
      "invalid-options",
      `threads: ${threads} comes too late: ONNX Runtime already runs with ${runtime.threads} threads in this process. ` +
        "Pass the option to the first registration.",
    );
  }
  return runtime;
}

/** Options for new sessions; released by whoever creates them. */
export function createSessionOptions(library: OrtLibrary, level: OptimizationLevel): Pointer {
  const { call } = library;
  const options = library.create("CreateSessionOptions");
  call.SetSessionGraphOptimizationLevel(options, OPTIMIZATION_LEVELS[level]);
  call.SetSessionLogSeverityLevel(options, LOG_FATAL_ONLY);
  // A pool per session would spin beside all others: 20 to 100 times slower when sessions alternate.
  call.DisablePerSessionThreads(options);
  // Memory patterns double the peak and save no time here.
  call.DisableMemPattern(options);
  call.AddSessionConfigEntry(options, "session.use_env_allocators", "1");
  call.AddSessionConfigEntry(options, "session.set_denormal_as_zero", "1");
  call.AddSessionConfigEntry(options, DISABLED_OPTIMIZERS, HARMFUL_OPTIMIZERS);
  return options;
}

function createRuntime(threads: number): OrtRuntime {
  const library = loadOrtLibrary();
  const { call, create, release } = library;
  const threading = create("CreateThreadingOptions");
  call.SetGlobalIntraOpNumThreads(threading, threads);
  call.SetGlobalInterOpNumThreads(threading, 1);
  // Masked softmax makes denormals, which cost a factor of six. Only the first session of a process decides.
  call.SetGlobalDenormalAsZero(threading);
  const environment = create("CreateEnvWithGlobalThreadPools", LOG_FATAL_ONLY, "mlan", threading);
  release.ReleaseThreadingOptions(threading);

  const arena = create("CreateCpuMemoryInfo", ARENA_ALLOCATOR, MEMORY_TYPE_DEFAULT);
  const configuration = create("CreateArenaCfg", 0, SAME_AS_REQUESTED, DEFAULT, DEFAULT);
  call.CreateAndRegisterAllocator(environment, arena, configuration);
  release.ReleaseArenaCfg(configuration);
  return {
    library,
    threads,
    environment,
    memoryInfo: create("CreateCpuMemoryInfo", DEVICE_ALLOCATOR, MEMORY_TYPE_DEFAULT),
    allocator: openArena(library, environment, arena),
    held: heldBytes(),
  };
}

/** The arena as an allocator. Only sessions hand it out, so a session of the smallest graph is opened and kept for it. */
function openArena(library: OrtLibrary, environment: Pointer, arena: Pointer): Pointer {
  const writer = onnxWriter();
  writer.input("x", [], "float32");
  writer.node("Identity", ["x"], ["y"]);
  writer.output("y", [], "float32");
  const model = writer.finish();
  const options = createSessionOptions(library, "none");
  const session = library.create("CreateSessionFromArray", environment, model, model.length, options);
  library.release.ReleaseSessionOptions(options);
  return library.create("CreateAllocator", session, arena);
}
