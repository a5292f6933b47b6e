import { BackendError } from "./backend-error.ts";
import { PROVIDERS, type Provider } from "./devices/provider.ts";
import type { OptimizationLevel } from "./ort/ort-runtime.ts";

export interface OnnxBackendOptions {
  /**
   * The hardware for graphs and tensors. Default "cpu". "webgpu" is the GPU through Vulkan, Metal, or Direct3D 12.
   * "cuda" is an NVIDIA GPU; its libraries are installed separately. The first use throws {@link BackendError}
   * "library" if the provider does not start.
   */
  readonly provider?: Provider;
  /**
   * Size of the thread pool of all graphs, 1 to 256. Default: the available parallelism, limited by the environment
   * variable `OMP_NUM_THREADS`. Cannot be changed after the first use in a process.
   */
  readonly threads?: number;
  /**
   * Optimization level of ONNX Runtime. Default "basic": "all" takes 1.5 times as long to compile and runs no faster.
   */
  readonly optimization?: OptimizationLevel;
  /** Maximum number of cached graphs. The least recently used one is evicted. Default 256. */
  readonly sessions?: number;
  /**
   * Maximum total size of all cached graphs in bytes (estimated). The least recently used ones are evicted. Default 512
   * MiB.
   */
  readonly sessionBytes?: number;
  /** Number of recorded operations after which everything is computed, even if nothing is read. Default 20,000. */
  readonly pendingNodes?: number;
}

export interface ResolvedOptions {
  readonly provider: Provider;
  readonly threads?: number;
  readonly optimization: OptimizationLevel;
  readonly sessions: number;
  readonly sessionBytes: number;
  readonly pendingNodes: number;
  readonly pendingBytes: number;
}

const COUNTS = ["threads", "sessions", "sessionBytes", "pendingNodes"] as const;
const LARGEST: Readonly<Record<(typeof COUNTS)[number], number>> = {
  // ONNX Runtime starts all threads, and each spins: more threads than processors only slow it down.
  threads: 256,
  sessions: 1_000_000,
  sessionBytes: Number.MAX_SAFE_INTEGER,
  pendingNodes: 10_000_000,
};
const LEVELS: readonly OptimizationLevel[] = ["none", "basic", "extended", "all"];
const KNOWN: readonly string[] = ["provider", ...COUNTS, "optimization"];

/**
 * Checks the options and fills in defaults. Throws {@link BackendError} "invalid-options" for unknown names and invalid
 * values.
 */
export function resolveOptions(options: OnnxBackendOptions): ResolvedOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalid(`the options must be an object, not ${String(options)}. Options: ${KNOWN.join(", ")}.`);
  }
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) throw invalid(`there is no option ${name}. Options: ${KNOWN.join(", ")}.`);
  }
  for (const name of COUNTS) {
    const value = options[name];
    const largest = LARGEST[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1 && value <= largest)) {
      throw invalid(`${name}: ${String(value)} is not a whole number from 1 to ${largest}.`);
    }
  }
  const {
    provider = "cpu",
    optimization = "basic",
    sessions = 256,
    sessionBytes = 2 ** 29,
    pendingNodes = 20_000,
  } = options;
  if (!LEVELS.includes(optimization))
    throw invalid(`optimization: ${String(optimization)} is not one of ${LEVELS.join(", ")}.`);
  if (!PROVIDERS.includes(provider))
    throw invalid(`provider: ${String(provider)} is not one of ${PROVIDERS.join(", ")}.`);
  const rest = { provider, optimization, sessions, sessionBytes, pendingNodes, pendingBytes: 2 ** 28 };
  return options.threads === undefined ? rest : { ...rest, threads: options.threads };
}

function invalid(message: string): BackendError {
  return new BackendError("invalid-options", message);
}
