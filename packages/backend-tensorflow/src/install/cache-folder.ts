import { join } from "node:path";
import type { InstallEnvironment } from "./install-environment.ts";

/** Returns the folder of bindings, one subfolder each, in the cache of downloads. */
export function bindingsFolder(environment: InstallEnvironment): string {
  return join(cacheFolder(environment), "tensorflow", "bindings");
}

/** Returns the folder of unpacked wheels, one subfolder each. */
export function wheelsFolder(environment: InstallEnvironment): string {
  return join(cacheFolder(environment), "tensorflow", "wheels");
}

/** Returns the path of the output of the last failed compilation. */
export function compileLog(environment: InstallEnvironment): string {
  return join(cacheFolder(environment), "tensorflow", "compile.log");
}

function cacheFolder({ variables, homeFolder }: InstallEnvironment): string {
  return variables["MLAN_CACHE"] || join(homeFolder, ".cache", "mlan");
}
