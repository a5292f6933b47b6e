import { MlanError } from "@mlan/core";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { InstallEnvironment } from "./install-environment.ts";
import { runProcess } from "./run-process.ts";

/** A working C++ compiler. */
export interface Compiler {
  /** The program and its leading arguments, e.g. for CXX="ccache g++". */
  readonly command: readonly [string, ...string[]];
  /** The first line of the output of `--version`. */
  readonly version: string;
}

/**
 * Tries `CXX`, then the usual names. Throws `unavailable` with the attempts and the command that installs a compiler.
 */
export async function findCompiler(environment: InstallEnvironment, signal?: AbortSignal): Promise<Compiler> {
  const { CXX } = environment.variables;
  const given = CXX?.trim() ? [CXX.trim().split(/\s+/)] : [];
  const tried: string[] = [];
  for (const [program = "", ...words] of [...given, ["g++"], ["c++"], ["clang++"]]) {
    const { status, stdout, notStarted, stderr } = await runProcess(program, [...words, "--version"], {
      variables: environment.variables,
      signal,
    });
    const [version = ""] = stdout.split("\n");
    if (status === 0 && version !== "") return { command: [program, ...words], version };
    const why = notStarted === "ENOENT" ? "not on PATH" : (notStarted ?? (stderr.trim().split("\n")[0] || "no answer"));
    tried.push(`${program} (${why})`);
  }
  throw new MlanError(
    "unavailable",
    `No C++ compiler was found; tried ${tried.join(", ")}. Install one: ${compilerCommand(environment)}; or set CXX to one.`,
  );
}

/** Returns the command that installs a compiler on this system. */
export function compilerCommand({ platform, systemRoot }: InstallEnvironment): string {
  if (platform === "darwin") return "xcode-select --install";
  const has = (program: string): boolean => existsSync(join(systemRoot, "usr/bin", program));
  if (has("apt-get")) return "apt-get install g++";
  if (has("dnf")) return "dnf install gcc-c++";
  if (has("apk")) return "apk add g++";
  if (has("pacman")) return "pacman -S gcc";
  return "apt-get install g++ (Debian, Ubuntu) or dnf install gcc-c++ (Fedora, RHEL)";
}
