import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { bindingPackageFolder } from "./binding-sources.ts";

/** All that finding and building looks at outside of the options, so that it can be asked about another machine. */
export interface InstallEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** As `process.platform` and `process.arch`. */
  readonly platform: string;
  readonly architecture: string;
  /** Where a `.venv` is looked for. */
  readonly workingFolder: string;
  readonly homeFolder: string;
  /** What stands for `/` when `/proc`, `/dev` and `/usr` are read. */
  readonly systemRoot: string;
  /** The folder of `@tensorflow/tfjs-node-gpu`; undefined when it is not installed. */
  readonly bindingPackage: string | undefined;
  /** The text that `ldconfig -p` prints; empty where there is none. */
  readonly linkerCache: () => string;
}

/** This machine and process, now. */
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
