import { openRepository, type RepositoryFiles } from "@mlan/hub";
import { type HubServer, hubServer, temporaryFolder } from "@mlan/testing";
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { withoutHubVariables } from "./hub-environment.ts";

// Written by tools/fixtures/hub_cache.py, which also checks that Python finds what is written here.
const entry = z.union([
  z.strictObject({ link: z.string() }),
  z.strictObject({ text: z.string() }),
  z.strictObject({ json: z.unknown() }),
]);
const FIXTURE = z
  .object({
    repository: z.string(),
    commit: z.string(),
    branch: z.string(),
    files: z.record(z.string(), z.string()),
    large: z.array(z.string()),
    cache: z.record(z.string(), entry),
  })
  .parse(JSON.parse(await readFile(new URL("fixtures/python-cache.json", import.meta.url), "utf8")));
const { repository, commit, branch, files: FILES } = FIXTURE;

beforeEach(() => {
  withoutHubVariables();
  return () => vi.unstubAllEnvs();
});

test("writes what Python's huggingface_hub writes", async () => {
  const cache = temporaryFolder();
  const server = await serve();
  for (const revision of ["main", branch]) await (await open({ server, cache, revision })).download(Object.keys(FILES));
  expect(await layoutOf(fileURLToPath(cache))).toEqual(FIXTURE.cache);
});

test.each([commit, "main", branch])(
  "reads what Python's huggingface_hub has written, without a network: %s",
  async (revision) => {
    const cache = temporaryFolder();
    for (const [path, content] of Object.entries(FIXTURE.cache)) {
      const place = new URL(path, cache);
      await mkdir(new URL("./", place), { recursive: true });
      if ("link" in content) await symlink(content.link, place);
      else await writeFile(place, "text" in content ? content.text : JSON.stringify(content.json));
    }
    const found = await open({ cache, revision });
    expect(found.paths.toSorted()).toEqual(Object.keys(FILES).toSorted());
    for (const [path, text] of Object.entries(FILES)) {
      expect(await readFile(await found.local(path), "utf8")).toBe(text);
    }
    // What Python finds afterwards is unchanged.
    expect(await layoutOf(fileURLToPath(cache))).toEqual(FIXTURE.cache);
  },
);

interface Opened {
  /** Default: offline. */
  readonly server?: HubServer;
  readonly cache: URL;
  readonly revision: string;
}

function open({ server, cache, revision }: Opened): Promise<RepositoryFiles> {
  const reach = server ? { endpoint: server.endpoint } : { offline: true };
  return openRepository({ type: "model", repository, revision, cache, ...reach });
}

function serve(): Promise<HubServer> {
  const { large } = FIXTURE;
  return hubServer({ type: "model", name: repository, commit, files: FILES, large, branches: [branch] });
}

/**
 * Returns a cache's links with their targets and its files with their contents, without the files that only mlan
 * writes.
 */
async function layoutOf(root: string): Promise<Record<string, z.infer<typeof entry>>> {
  const found: Record<string, z.infer<typeof entry>> = {};
  for (const one of await readdir(root, { recursive: true, withFileTypes: true })) {
    const place = join(one.parentPath, one.name);
    const path = relative(root, place).split(sep).join("/");
    if (path.includes("/.verified/") || one.isDirectory()) continue;
    if (one.isSymbolicLink()) found[path] = { link: await readlink(place) };
    else {
      const text = await readFile(pathToFileURL(place), "utf8");
      found[path] = path.includes("/trees/") ? { json: JSON.parse(text) } : { text };
    }
  }
  return found;
}
