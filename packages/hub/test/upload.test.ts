import { openRepository, uploadFolder, type UploadOptions } from "@mlan/hub";
import { folderWith, type HubUploadServer, hubUploadServer, temporaryFolder } from "@mlan/testing";
import { rm, writeFile } from "node:fs/promises";
import { beforeEach, expect, test, vi } from "vitest";
import { withoutHubVariables } from "./hub-environment.ts";

const TOKEN = "hf_writer";
const NAME = "acme/tiny";
/** Bytes without a repeating pattern, so that a wrong order of parts is noticed. */
const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, index) => (index * index + (index >> 8)) % 251);
const FILES = {
  "config.json": "{}\n",
  "model-00001-of-00002.safetensors": WEIGHTS,
  "model-00002-of-00002.safetensors": WEIGHTS.toReversed(),
  "one/with space #1.txt": "é",
};
const PATHS = Object.keys(FILES);
const BY_URL = Object.fromEntries(Object.entries(FILES).map(([path, content]) => [path.replace("#", "%23"), content]));

beforeEach(() => {
  withoutHubVariables();
  return () => vi.unstubAllEnvs();
});

test("creates a private repository and uploads the folder in one commit, which can be downloaded", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const folder = await folderWith({ ...BY_URL, ".cache/x": "x", "model.safetensors.1.tmp": "x" });
  const done = await upload(server, folder);
  expect(done).toMatchObject({ created: true, removed: [] });
  expect(done.uploaded.toSorted()).toEqual(PATHS.toSorted());
  const { visibility, titles, files, large } = repositoryOf(server);
  expect({ visibility, titles }).toEqual({ visibility: "private", titles: ["initial commit", "A tiny model"] });
  expect([...large].toSorted()).toEqual(PATHS.filter((path) => path.endsWith(".safetensors")));
  expect([...files.keys()].toSorted()).toEqual([".gitattributes", ...PATHS].toSorted());
  for (const [path, content] of Object.entries(FILES))
    expect(Buffer.from(content as string).equals(files.get(path) ?? Buffer.alloc(0))).toBe(true);

  const asked = { type: "model", repository: NAME, revision: "main", token: TOKEN, endpoint: server.endpoint } as const;
  const found = await openRepository({ ...asked, cache: temporaryFolder() });
  expect(found.commit).toBe(done.commit);
  expect(found.paths).toEqual(expect.arrayContaining(PATHS));
});

test("leaves out what the caller wants to stay here", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const folder = await folderWith({ ...BY_URL, "kept/x": "x", "kept.json": "{}" });
  const done = await upload(server, folder, { isLocal: (path) => path.startsWith("kept/") });
  expect(done.uploaded.toSorted()).toEqual(["kept.json", ...PATHS].toSorted());
});

test("creates a public repository only where it is asked to, and leaves an existing one as it is", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const folder = await folderWith(BY_URL);
  await upload(server, folder, { private: false });
  expect(await upload(server, folder)).toMatchObject({ created: false });
  expect(repositoryOf(server).visibility).toBe("public");
});

test("writes to a repository that exists with a token that may not create one", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const folder = await folderWith(BY_URL);
  await upload(server, folder);
  server.intercept = ({ url }, response) =>
    url === "/api/repos/create" && Boolean(response.writeHead(403, { connection: "close" }).end());
  await writeFile(new URL("config.json", folder), "[]\n");
  expect(await upload(server, folder)).toMatchObject({ created: false, uploaded: ["config.json"] });
  await expect(upload(server, folder, { repository: "acme/other" })).rejects.toThrow(
    "answered 403. The token does not allow writing to acme/other",
  );
});

test("tries again while the Hub creates another repository of the account", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  let conflicts = 1;
  server.intercept = ({ url }, response) =>
    url === "/api/repos/create" && conflicts-- > 0 && Boolean(response.writeHead(409, { connection: "close" }).end());
  expect(await upload(server, await folderWith(BY_URL))).toMatchObject({ created: true });
});

test("sends nothing and commits nothing where the repository has everything", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const folder = await folderWith(BY_URL);
  const { commit } = await upload(server, folder);
  server.requests.length = 0;
  expect(await upload(server, folder)).toEqual({ commit, created: false, uploaded: [], removed: [] });
  expect(server.requests.filter((request) => /^PUT|commit|preupload/.test(request))).toEqual([]);
});

test("sends what has changed, and removes stale files in the same commit", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const folder = await folderWith({ ...BY_URL, "notes.md": "old" });
  await upload(server, folder);
  await writeFile(new URL("config.json", folder), "[]\n");
  for (const name of ["model-00002-of-00002.safetensors", "notes.md"]) await rm(new URL(name, folder));
  const done = await upload(server, folder, { isStale: (path) => path.endsWith(".safetensors") });
  expect(done).toMatchObject({ uploaded: ["config.json"], removed: ["model-00002-of-00002.safetensors"] });
  const { files, titles } = repositoryOf(server);
  expect(titles).toHaveLength(3);
  expect([...files.keys()]).toContain("notes.md");
  expect([...files.keys()]).not.toContain("model-00002-of-00002.safetensors");
});

test("goes on after an interruption with the files that have not arrived", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const folder = await folderWith(BY_URL);
  let left = 1;
  server.intercept = ({ method }, response) => method === "PUT" && left-- <= 0 && Boolean(response.destroy());
  await expect(upload(server, folder, { attempts: 1 })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(
      /^hub: model acme\/tiny, revision main: it failed \(.*start again; files that have been uploaded are skipped\.$/,
    ),
  });
  expect(repositoryOf(server).titles).toHaveLength(1);
  server.intercept = () => false;
  server.requests.length = 0;
  await upload(server, folder);
  expect(server.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(1);
  expect(repositoryOf(server).titles).toHaveLength(2);
});

test("tries again by itself while the Hub or its storage is busy, and not for ever", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const folder = await folderWith(BY_URL);
  let failures = 2;
  server.intercept = ({ method, url }, response) =>
    (method === "PUT" || Boolean(url?.includes("/commit/"))) &&
    failures-- > 0 &&
    Boolean(response.writeHead(503, { connection: "close" }).end());
  await upload(server, folder, { attempts: 3 });
  expect(repositoryOf(server).titles).toHaveLength(2);
  await writeFile(new URL("config.json", folder), "{ }");
  failures = Infinity;
  await expect(upload(server, folder, { attempts: 3 })).rejects.toThrow(
    "the Hub answered 503. It failed 3 times in a row",
  );
});

test("sends an empty file, which the storage of large ones does not take", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const done = await upload(server, await folderWith({ "config.json": "{}", "empty.bin": "" }));
  expect(done.uploaded).toContain("empty.bin");
  expect(repositoryOf(server).files.get("empty.bin")).toHaveLength(0);
  expect([...repositoryOf(server).large]).toEqual([]);
});

test("sends a large file in parts", async () => {
  const server = await hubUploadServer({ token: TOKEN, partSize: 70_000 });
  const seen: number[] = [];
  await upload(server, await folderWith({ "model.safetensors": WEIGHTS }), {
    onUpload: ({ bytes, size }) => size === WEIGHTS.length && seen.push(bytes),
  });
  expect(server.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(5);
  const stored = repositoryOf(server).files.get("model.safetensors");
  expect(stored && Buffer.compare(stored, WEIGHTS)).toBe(0);
  expect(seen.at(-1)).toBe(WEIGHTS.length);
  expect(seen).toEqual(seen.toSorted((one, other) => one - other));
});

test("gives up a storage that takes nothing", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  server.intercept = ({ method }) => method === "PUT";
  const folder = await folderWith({ "model.safetensors": WEIGHTS });
  await expect(upload(server, folder, { attempts: 1, timeout: 100 })).rejects.toThrow(
    "(no bytes of model.safetensors could be sent in 0.4 s)",
  );
});

test("stops when it is told to", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const controller = new AbortController();
  server.intercept = ({ method }) => {
    if (method === "PUT") controller.abort();
    return method === "PUT";
  };
  const folder = await folderWith({ "model.safetensors": WEIGHTS });
  await expect(upload(server, folder, { signal: controller.signal })).rejects.toThrow(/abort/i);
});

test.each<[string, Partial<UploadOptions>, RegExp]>([
  [
    "a token that may not write",
    { token: "hf_reader" },
    /answered 403\. The token does not allow writing to acme\/tiny.*type "write"/,
  ],
  [
    "no token",
    { token: "" },
    /^hub: uploading needs a token; set HF_TOKEN to a token of type "write" \(http.*\/settings\/tokens\)/,
  ],
  ["no owner", { repository: "tiny" }, /^hub: "tiny" has no owner; write "owner\/name"\.$/],
  ["a name that is none", { repository: "../tiny" }, /"\.\.\/tiny" is not the name of a model/],
  ["a branch that does not exist", { branch: "dev" }, /revision dev: .*no such/],
])("%s: one message that says what to do", async (_, options, message) => {
  const server = await hubUploadServer({ token: TOKEN });
  await expect(upload(server, await folderWith(BY_URL), options)).rejects.toThrow(message);
});

test("refuses to upload offline, and a folder without files", async () => {
  const server = await hubUploadServer({ token: TOKEN });
  const empty = await folderWith({ ".git/config": "" });
  await expect(upload(server, empty)).rejects.toThrow(/contains no files to upload/);
  await expect(upload(server, new URL("nowhere/", empty))).rejects.toThrow(/nowhere\/ is not a readable folder/);
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  await expect(upload(server, await folderWith(BY_URL))).rejects.toThrow("unset HF_HUB_OFFLINE");
  expect(server.requests).toEqual([]);
});

function upload({ endpoint }: HubUploadServer, folder: URL, options: Partial<UploadOptions> = {}) {
  const usual = { repository: NAME, title: "A tiny model", endpoint, token: TOKEN, attempts: 2, retryDelay: 0 };
  return uploadFolder(folder, { ...usual, ...options });
}

function repositoryOf({ repositories }: HubUploadServer) {
  const repository = repositories.get(NAME);
  if (!repository) throw new Error(`${NAME} was not created`);
  return repository;
}
