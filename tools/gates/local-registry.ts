import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publishedPackages } from "./published-packages.ts";

export interface LocalRegistry {
  /** Registry URL for the scope `@mlan`. Ends in a slash. */
  readonly url: string;
  close(): void;
}

/** Some clients refuse versions that were published in the last few days. */
const PUBLISHED = "2026-01-01T00:00:00.000Z";

/** Packs all published packages into a folder and serves them like the npm registry. */
export async function serveLocalRegistry(folder: string): Promise<LocalRegistry> {
  const tarballs = new Map<string, Buffer>();
  const documents = new Map<string, string>();
  const server = createServer(({ url = "" }, response) => {
    const path = decodeURIComponent(url).slice(1);
    const found = tarballs.get(path) ?? documents.get(path);
    if (found === undefined) response.statusCode = 404;
    response.end(found ?? "{}");
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
  for (const { url: source, manifest } of publishedPackages()) {
    const bytes = pack(fileURLToPath(source), folder);
    const path = `${manifest.name}/-/${manifest.version}.tgz`;
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    const dist = { tarball: `${url}${path}`, integrity, shasum: createHash("sha1").update(bytes).digest("hex") };
    tarballs.set(path, bytes);
    documents.set(
      manifest.name,
      JSON.stringify({
        name: manifest.name,
        "dist-tags": { latest: manifest.version },
        versions: { [manifest.version]: { ...manifest, dist } },
        time: { created: PUBLISHED, modified: PUBLISHED, [manifest.version]: PUBLISHED },
      }),
    );
  }
  return {
    url,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function pack(source: string, folder: string): Buffer {
  const parameters = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const output = execFileSync("npm", parameters, { cwd: source, encoding: "utf8" });
  return readFileSync(join(folder, output.trim().split("\n").at(-1) ?? ""));
}
