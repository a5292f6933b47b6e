import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { bindingPackageFolder } from "./binding-sources.ts";

/** The machine and process in which TensorFlow is found and the binding is built. Tests describe other machines. */
export interface InstallEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** As `process.platform` and `process.arch`. */
  readonly platform: string;
  readonly architecture: string;
  /** The folder that may have a `.venv`. */
  readonly workingFolder: string;
  readonly homeFolder: string;
  /** The folder with `proc`, `dev` and `usr`: `/`, except in tests. */
  readonly systemRoot: string;
  /** The folder of `@tensorflow/tfjs-node-gpu`; undefined if it is not installed. */
  readonly bindingPackage: string | undefined;
  /** The output of `ldconfig -p`; empty if there is none. */
  readonly linkerCache: () => string;
}

/** Returns the environment of this machine and process. */
export function installEnvironment(): InstallEnvironment {
  return {
    variables: { ...process.env },
    platform: process.platform,
    architecture: process.arch,
    workingFolder: process.cwd(),
    homeFolder: homedir(),
    systemRoot: "/",
    bindingPackage: bindingPackageFolder(),
    linkerCache() {
      if (process.platform !== "linux") return "";
      const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/sbin:/usr/sbin` };
      return spawnSync("ldconfig", ["-p"], { env, encoding: "utf8" }).stdout ?? "";
    },
  };
}
