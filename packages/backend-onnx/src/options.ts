import { BackendError } from "./backend-error.ts";
import { PROVIDERS, type Provider } from "./devices/provider.ts";
import type { OptimizationLevel } from "./ort/ort-runtime.ts";

export interface OnnxBackendOptions {
  /**
   * Where graphs run and tensors lie. Default "cpu". "webgpu" is the GPU through Vulkan, Metal, or Direct3D 12, "cuda" an
   * NVIDIA GPU with libraries that are installed apart; the first use throws {@link BackendError} "library" where the
   * provider does not start.
   */
  readonly provider?: Provider;
  /** Threads of the one pool that all graphs share, 1 to 256. Default: the available parallelism. Fixed by its first use in a process. */
  readonly threads?: number;
  /** How far ONNX Runtime rewrites a graph when it compiles it. Default "basic": "all" takes half as long again and runs no faster. */
  readonly optimization?: OptimizationLevel;
  /** The largest number of compiled graphs kept; the one used longest ago goes. Default 256. */
  readonly sessions?: number;
  /** The most memory that compiled graphs may hold together, in bytes, estimated; those used longest ago go. Default 512 MiB. */
  readonly sessionBytes?: number;
  /** Recorded operations after which everything is computed even if nothing is read. Default 20,000. */
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
  // ONNX Runtime starts them all, and each spins: more than processors only slow it down.
  threads: 256,
  sessions: 1_000_000,
  sessionBytes: Number.MAX_SAFE_INTEGER,
  pendingNodes: 10_000_000,
};
const LEVELS: readonly OptimizationLevel[] = ["none", "basic", "extended", "all"];
const KNOWN: readonly string[] = ["provider", ...COUNTS, "optimization"];

/** Checks the options and fills in defaults; throws {@link BackendError} "invalid-options" on typos and impossible values. */
export function resolveOptions(options: OnnxBackendOptions): ResolvedOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalid(`${String(options)} is no object of options. Options: ${KNOWN.join(", ")}.`);
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
