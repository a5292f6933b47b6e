import { availableParallelism } from "node:os";
import { BackendError } from "../backend-error.ts";
import { returnLargeBlocks } from "../memory/c-heap.ts";
import { tensorBytes, type TensorBytes } from "../memory/tensor-bytes.ts";
import { NameTable } from "../graph/name-table.ts";
import { onnxWriter } from "../graph/onnx-writer.ts";
import { loadOrtLibrary, type OrtLibrary, type Pointer } from "./ort-library.ts";

export type OptimizationLevel = "none" | "basic" | "extended" | "all";

/** ONNX Runtime in this process: the library, the environment with its thread pool, and the arena of all sessions. */
export interface OrtRuntime {
  readonly library: OrtLibrary;
  readonly threads: number;
  readonly environment: Pointer;
  /** Describes CPU memory that ONNX Runtime does not own. */
  readonly memoryInfo: Pointer;
  /** The shared arena. It reuses the memory of freed tensors without calling the operating system. */
  readonly allocator: Pointer;
  /** Returns the arena's unused memory to the system. */
  shrinkArena(): void;
  /** Updated by the code that allocates and releases tensors. */
  readonly tensorBytes: TensorBytes;
}

/** The log level. Errors are thrown, so logging them would repeat them. */
const LOG_FATAL_ONLY = 4;
const DEVICE_ALLOCATOR = 0;
const ARENA_ALLOCATOR = 1;
const MEMORY_TYPE_DEFAULT = 0;
const DEFAULT = -1;
/**
 * Each region that the arena requests is twice as large as the last, up to 1 GB. Free blocks join within a region only:
 * with a region per tensor, the keys and values of prompts of every length would have blocks of their own. Pages that no
 * tensor has used yet take no memory.
 */
const NEXT_POWER_OF_TWO = 0;
const OPTIMIZATION_LEVELS: Readonly<Record<OptimizationLevel, number>> = { none: 0, basic: 1, extended: 2, all: 99 };

/** The session option for the names of disabled graph optimizations, separated by semicolons. */
export const DISABLED_OPTIMIZERS = "optimization.disable_specified_optimizers";
/**
 * Pad_Fusion moves padding into pooling nodes, whose padding has a different meaning and must be narrower than the
 * window. CommonSubexpressionElimination keeps values of the forward pass that a gradient recomputes to save memory, such
 * as dropout masks.
 */
export const HARMFUL_OPTIMIZERS = "Pad_Fusion;CommonSubexpressionElimination";

let runtime: OrtRuntime | undefined;

/**
 * Opens ONNX Runtime once per process. The environment and its threads live until the process ends. `threads` defaults
 * to the available parallelism, limited by `OMP_NUM_THREADS`; a later call with a different number throws.
 */
export function openOrtRuntime(threads?: number): OrtRuntime {
  runtime ??= createRuntime(threads ?? defaultThreads());
  if (threads !== undefined && threads !== runtime.threads) {
    throw new BackendError(
      "invalid-options",
      `threads: ${threads} comes too late: ONNX Runtime already runs with ${runtime.threads} threads in this process. ` +
        "Pass threads to the first registration.",
    );
  }
  return runtime;
}

/** `OMP_NUM_THREADS` limits the threads of most numerical libraries, for processes that share a machine. */
function defaultThreads(): number {
  const limit = Number(process.env["OMP_NUM_THREADS"]);
  const most = availableParallelism();
  return Number.isInteger(limit) && limit >= 1 ? Math.min(limit, most) : most;
}

/** Creates options for new sessions. The caller releases them. */
export function createSessionOptions(library: OrtLibrary, level: OptimizationLevel): Pointer {
  const { call } = library;
  const options = library.create("CreateSessionOptions");
  call.SetSessionGraphOptimizationLevel(options, OPTIMIZATION_LEVELS[level]);
  call.SetSessionLogSeverityLevel(options, LOG_FATAL_ONLY);
  // With one pool per session, the threads of all pools would spin at once: 20 to 100 times slower when sessions
  // alternate.
  call.DisablePerSessionThreads(options);
  // Memory patterns double the peak memory and save no time here.
  call.DisableMemPattern(options);
  call.AddSessionConfigEntry(options, "session.use_env_allocators", "1");
  call.AddSessionConfigEntry(options, "session.set_denormal_as_zero", "1");
  call.AddSessionConfigEntry(options, DISABLED_OPTIMIZERS, HARMFUL_OPTIMIZERS);
  return options;
}

function createRuntime(threads: number): OrtRuntime {
  returnLargeBlocks();
  const library = loadOrtLibrary();
  const { call, create, release } = library;
  const threading = create("CreateThreadingOptions");
  call.SetGlobalIntraOpNumThreads(threading, threads);
  call.SetGlobalInterOpNumThreads(threading, 1);
  // Masked softmax produces denormals, which are six times slower. Only the first session of a process sets this.
  call.SetGlobalDenormalAsZero(threading);
  const environment = create("CreateEnvWithGlobalThreadPools", LOG_FATAL_ONLY, "mlan", threading);
  release.ReleaseThreadingOptions(threading);

  const arena = create("CreateCpuMemoryInfo", ARENA_ALLOCATOR, MEMORY_TYPE_DEFAULT);
  const configuration = create("CreateArenaCfg", 0, NEXT_POWER_OF_TWO, DEFAULT, DEFAULT);
  call.CreateAndRegisterAllocator(environment, arena, configuration);
  release.ReleaseArenaCfg(configuration);
  return {
    library,
    threads,
    environment,
    memoryInfo: create("CreateCpuMemoryInfo", DEVICE_ALLOCATOR, MEMORY_TYPE_DEFAULT),
    ...openArena(library, environment, arena),
    tensorBytes: tensorBytes(),
  };
}

/** Opens a minimal session, which stays open: only a session gives access to the arena. */
function openArena(
  library: OrtLibrary,
  environment: Pointer,
  arena: Pointer,
): Pick<OrtRuntime, "allocator" | "shrinkArena"> {
  const { call, create, release } = library;
  const writer = onnxWriter();
  writer.node("Identity", [writer.scalar(0, "float32")], ["o0"]);
  writer.output("o0", [], "float32");
  const model = writer.finish();
  const options = createSessionOptions(library, "none");
  const session = create("CreateSessionFromArray", environment, model, model.length, options);
  release.ReleaseSessionOptions(options);
  const shrinking = create("CreateRunOptions");
  call.AddRunConfigEntry(shrinking, "memory.enable_memory_arena_shrinkage", "cpu:0");
  const outputs = new NameTable("o");
  outputs.reserve(1);
  return {
    allocator: create("CreateAllocator", session, arena),
    shrinkArena() {
      outputs.values[0] = 0n;
      call.Run(session, shrinking, null, null, 0, outputs.addresses, 1, outputs.values);
      release.ReleaseValue(outputs.values[0] ?? 0n);
    },
  };
}
