import { type HubOptions, openRepository } from "@mlan/hub";
import { type HubServer, hubServer, temporaryFolder } from "@mlan/testing";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { withoutHubVariables } from "./hub-environment.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const NAME = "acme/rows";
const FILES = { "data/large.bin": "the large original", "small.json": '["small original"]' };
const PATHS = Object.keys(FILES) as (keyof typeof FILES)[];

beforeEach(() => {
  withoutHubVariables();
  return () => vi.unstubAllEnvs();
});

describe.each(PATHS)("a cached file whose bytes changed in place: %s", (path) => {
  test("is fetched again, and the fingerprint is that of the bytes", async () => {
    const { hub, cache } = await setUp();
    const before = await open(hub, cache);
    const [file, checksum] = [await before.local(path), await before.checksum(path)];
    await poison(file);
    const after = await open(hub, cache);
    expect(await after.checksum(path)).toBe(checksum);
    expect(await readFile(await after.local(path), "utf8")).toBe(FILES[path]);
    expect(checksum).toBe(createHash("sha256").update(FILES[path]).digest("hex"));
  });

  test("is refused offline, as one that was changed", async () => {
    const { hub, cache } = await setUp();
    await poison(await (await open(hub, cache)).local(path));
    const offline = await open(hub, cache, { offline: true });
    await expect(offline.local(path)).rejects.toThrow(
      `has the file ${path} of ${NAME}, but with different bytes than on the Hub`,
    );
    await expect(offline.checksum(path)).rejects.toMatchObject({ code: "unavailable" });
  });
});

test("where the list was changed with the file, the fingerprint is still that of the bytes", async () => {
  const { hub, cache } = await setUp();
  const path = "data/large.bin";
  const original = await (await open(hub, cache)).checksum(path);
  const file = await (await open(hub, cache)).local(path);
  await poison(file);
  const poisoned = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  const list = new URL(`datasets--acme--rows/trees/${COMMIT}.json`, cache);
  await writeFile(list, (await readFile(list, "utf8")).replace(original, poisoned));
  expect(await (await open(hub, cache)).checksum(path)).toBe(poisoned);
});

test("a cached file that did not change is not read again: its state is remembered on disk", async () => {
  const { hub, cache } = await setUp();
  const file = await (await open(hub, cache)).local("small.json");
  const record = new URL("datasets--acme--rows/.verified/", cache);
  const [name] = await readdir(record);
  const { size, ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  expect(await readFile(new URL(name!, record), "utf8")).toMatch(
    new RegExp(`^${name} ${size} ${ino} ${mtimeNs} ${ctimeNs}$`),
  );
  await rm(record, { recursive: true });
  expect(await (await open(hub, cache, { offline: true })).local("small.json")).toEqual(file);
});

describe("the cache of Python's huggingface_hub", () => {
  test("gives files by their commit, with no download", async () => {
    const { hub } = await setUp();
    await pythonFolder();
    const files = await open(hub);
    for (const path of PATHS) {
      const file = await files.local(path);
      expect(file.pathname).toContain(`/datasets--acme--rows/snapshots/${COMMIT}/${path}`);
      expect(await readFile(file, "utf8")).toBe(FILES[path]);
    }
    expect(hub.requests.filter((request) => request.includes("/resolve/"))).toEqual([]);
  });

  test.each(PATHS)("is not believed where its bytes are others: %s", async (path) => {
    const { hub } = await setUp();
    const python = await pythonFolder();
    await poison(new URL(`snapshots/${COMMIT}/${path}`, python));
    const file = await (await open(hub)).local(path);
    expect(await readFile(file, "utf8")).toBe(FILES[path]);
  });

  test.each([COMMIT, "main"])("is enough without a network: %s", async (revision) => {
    await pythonFolder();
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const files = await openRepository({ type: "dataset", repository: NAME, revision });
    expect(files.paths.toSorted()).toEqual(PATHS.toSorted());
    for (const path of PATHS) expect(await readFile(await files.local(path), "utf8")).toBe(FILES[path]);
  });

  test("without a network is not taken for a whole table when a part is missing", async () => {
    await pythonFolder({ "train-00000-of-00002.json": "[1]" });
    const opening = openRepository({ type: "dataset", repository: NAME, revision: COMMIT, offline: true });
    await expect(opening).rejects.toThrow("lacks the file train-00001-of-00002.json of acme/rows");
  });

  test.each([
    ["HF_HUB_CACHE", "hub/"],
    ["HF_HOME", ""],
    ["XDG_CACHE_HOME", "../"],
  ])("is found by the variable %s", async (variable, place) => {
    const python = await pythonFolder();
    vi.stubEnv("HF_HOME", undefined);
    vi.stubEnv(variable, fileURLToPath(new URL(`../../${place}`, python)));
    const files = await openRepository({ type: "dataset", repository: NAME, revision: "main", offline: true });
    expect((await files.local("small.json")).pathname).toContain("/snapshots/");
  });
});

test("what killed processes left in the cache is removed when it is old, and only then", async () => {
  const { hub, cache } = await setUp();
  const home = new URL("datasets--acme--rows/", cache);
  const names = [
    `blobs/${COMMIT}.01234567-99-89abcdef.incomplete`,
    `trees/${COMMIT}.json.5c1f1d3c-3a54-4a5e-9f43-0b9f6f1b2a10.tmp`,
    `blobs/${COMMIT}.89abcdef.incomplete`,
  ];
  const recent = `blobs/${COMMIT}.01234567-98-89abcdef.incomplete`;
  const old = new Date(Date.now() - 8 * 24 * 3600 * 1000);
  for (const name of [...names, recent]) {
    const file = new URL(name, home);
    await mkdir(new URL("./", file), { recursive: true });
    await writeFile(file, "half");
    if (names.includes(name)) await utimes(file, old, old);
  }
  await open(hub, cache);
  const left = await readdir(home, { recursive: true });
  expect(left.filter((name) => /incomplete$|tmp$/.test(name)).toSorted()).toEqual([recent, names[2]]);
});

async function setUp(): Promise<{ readonly hub: HubServer; readonly cache: URL }> {
  const hub = await hubServer({ name: NAME, commit: COMMIT, files: FILES, large: ["data/large.bin"] });
  return { hub, cache: temporaryFolder() };
}

function open({ endpoint }: HubServer, cache?: URL, options: HubOptions = {}) {
  const asked = { type: "dataset", repository: NAME, revision: COMMIT } as const;
  return openRepository({ ...asked, endpoint, ...(cache && { cache }), attempts: 1, ...options });
}

/** Replaces the file by other bytes of the same size, and restores its modification time. */
async function poison(file: URL): Promise<void> {
  const { mtime, atime } = await stat(file);
  const bytes = await readFile(file);
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  await writeFile(file, bytes);
  await utimes(file, atime, mtime);
}

/** Creates a cache as `huggingface_hub` writes it, and sets HF_HOME to it. Returns the dataset's folder. */
async function pythonFolder(more: Readonly<Record<string, string>> = {}): Promise<URL> {
  const cache = temporaryFolder();
  const home = new URL("huggingface/", cache);
  const dataset = new URL("hub/datasets--acme--rows/", home);
  await mkdir(new URL("blobs/", dataset), { recursive: true });
  await mkdir(new URL("refs/", dataset), { recursive: true });
  await writeFile(new URL("refs/main", dataset), COMMIT);
  for (const [path, text] of Object.entries({ ...FILES, ...more })) {
    const large = path.endsWith(".bin");
    const hash = large ? createHash("sha256") : createHash("sha1").update(`blob ${text.length}\0`);
    const blob = hash.update(text).digest("hex");
    await writeFile(new URL(`blobs/${blob}`, dataset), text);
    const link = new URL(`snapshots/${COMMIT}/${path}`, dataset);
    await mkdir(new URL("./", link), { recursive: true });
    await symlink(`${"../".repeat(path.split("/").length + 1)}blobs/${blob}`, link);
  }
  vi.stubEnv("HF_HOME", fileURLToPath(home));
  return dataset;
}
