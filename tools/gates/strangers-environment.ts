import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Variables for network access. No other variable of the environment is passed on. */
const NETWORK = /^(https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file)$/i;

/** Returns the environment of a user who has installed only Node. `@mlan` packages come from a local registry. */
export function strangersEnvironment(home: string, scope: string): NodeJS.ProcessEnv {
  const registry = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
  writeFileSync(join(home, ".npmrc"), `registry=${registry}\n@mlan:registry=${scope}\nupdate-notifier=false\n`);
  const yarn = [
    `npmRegistryServer: "${registry}"`,
    `npmScopes: { mlan: { npmRegistryServer: "${scope}" } }`,
    'unsafeHttpWhitelist: ["localhost"]',
    "enableTelemetry: false",
  ];
  writeFileSync(join(home, ".yarnrc.yml"), `${yarn.join("\n")}\n`);
  const network = Object.entries(process.env).filter(([name]) => NETWORK.test(name));
  return {
    ...Object.fromEntries(network),
    PATH: process.env["PATH"],
    HOME: home,
    XDG_CACHE_HOME: join(home, ".cache"),
  };
}
