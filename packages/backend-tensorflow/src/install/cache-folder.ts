import { join } from "node:path";
import type { InstallEnvironment } from "./install-environment.ts";

/** Bindings are kept here, one folder each; the same cache as that of downloads. */
export function bindingsFolder(environment: InstallEnvironment): string {
  return join(cacheFolder(environment), "tensorflow", "bindings");
}

/** Wheels are unpacked here, one folder each. */
export function wheelsFolder(environment: InstallEnvironment): string {
  return join(cacheFolder(environment), "tensorflow", "wheels");
}

/** What the compiler said when it failed last. */
export function compileLog(environment: InstallEnvironment): string {
  return join(cacheFolder(environment), "tensorflow", "compile.log");
}

function cacheFolder({ variables, homeFolder }: InstallEnvironment): string {
  return variables["MLAN_CACHE"] || join(homeFolder, ".cache", "mlan");
}
