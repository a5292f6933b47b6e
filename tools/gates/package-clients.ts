import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A package manager with the settings from the README. */
export interface PackageClient {
  readonly name: string;
  /** The program and its arguments, to which the packages are appended. */
  readonly add: readonly string[];
  /** The setting from the README. */
  readonly settings: { readonly file: string; readonly line: string };
  /** Warnings that the client prints for any package. */
  readonly allowed?: RegExp;
  /** MB of packages that the client installs for other platforms, because it cannot distinguish them. */
  readonly otherPlatforms?: number;
}

/** npm 12 does not run on the oldest Node that mlan supports. There, npm 12 gets a newer Node. */
const NEWER_NODE = `node-${process.platform}-${process.arch}`;
const CLIENTS = {
  "npm-11": "npm:npm@11.19.1",
  "npm-12": "npm:npm@12.2.1",
  pnpm: "12.21.0",
  "yarn-1": "npm:yarn@1.22.22",
  "yarn-4": "npm:@yarnpkg/cli-dist@4.18.1",
  [NEWER_NODE]: "24.21.0",
};

/** Installs the clients into a folder, with the local npm. */
export function installClients(folder: string, environment: NodeJS.ProcessEnv): readonly PackageClient[] {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const wanted = Object.entries(CLIENTS).map(([name, version]) => `${name}@${version}`);
  // Ignores the Node versions that the clients require.
  execFileSync("npm", ["install", "--ignore-scripts", "--silent", "--no-audit", ...wanted], {
    cwd: folder,
    env: environment,
    stdio: "inherit",
  });
  const program = (path: string): string => join(folder, "node_modules", path);
  const node = process.execPath;
  const withoutScripts = { file: ".npmrc", line: "ignore-scripts=true" };
  return [
    { name: "npm 11", add: [node, program("npm-11/bin/npm-cli.js"), "install"], settings: withoutScripts },
    {
      name: "npm 12",
      add: [program(`${NEWER_NODE}/bin/node`), program("npm-12/bin/npm-cli.js"), "install"],
      settings: withoutScripts,
    },
    {
      name: "pnpm 12",
      add: [program(".bin/pnpm"), "add"],
      settings: { file: "pnpm-workspace.yaml", line: "ignoreScripts: true" },
    },
    {
      name: "yarn 1",
      add: [node, program("yarn-1/bin/yarn.js"), "add"],
      settings: { file: ".yarnrc", line: "ignore-scripts true" },
      allowed: /^warning Ignored scripts due to flag\.$/,
      // The musl libraries of sharp. This client ignores the field `libc`.
      otherPlatforms: 20,
    },
    {
      name: "yarn 4",
      add: [node, program("yarn-4/bin/yarn.js"), "add"],
      settings: { file: ".yarnrc.yml", line: "nodeLinker: node-modules" },
      // This client runs no install scripts, and lists the packages that have one.
      allowed: /YN0004: .* lists build scripts, but all build scripts have been disabled|Done with warnings/,
    },
  ];
}
