import { join } from "node:path";
import type { InstallEnvironment } from "./install-environment.ts";

/** The folder of bindings, one folder each, in the same cache as downloads. */
export function bindingsFolder(environment: InstallEnvironment): string {
  return join(cacheFolder(environment), "tensorflow", "bindings");
}

/** The folder of unpacked wheels, one folder each. */
export function wheelsFolder(environment: InstallEnvironment): string {
  return join(cacheFolder(environment), "tensorflow", "wheels");
}

/** The output of the last failed compilation. */
export function compileLog(environment: InstallEnvironment): string {
  return join(cacheFolder(environment), "tensorflow", "compile.log");
}

function cacheFolder({ variables, homeFolder }: InstallEnvironment): string {
  return variables["MLAN_CACHE"] || join(homeFolder, ".cache", "mlan");
}
