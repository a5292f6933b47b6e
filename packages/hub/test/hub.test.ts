import { type HubRepository, openRepository } from "@mlan/hub";
import { type HubContents, hubServer, type HubServer, temporaryFolder } from "@mlan/testing";
import { createHash } from "node:crypto";
import { readdir, readFile, truncate } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test, vi } from "vitest";
import { withoutHubVariables } from "./hub-environment.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const REPOSITORY: HubContents = {
  name: "google/boolq",
  commit: COMMIT,
  files: {
    "README.md": "# BoolQ\n",
    "data/train-00000-of-00001.parquet": "train rows",
    "data/validation-00000-of-00001.parquet": "validation rows, é\n",
    "data/with space #1.json": "[]",
  },
  large: ["data/train-00000-of-00001.parquet"],
};
const BOOLQ = { type: "dataset", repository: "google/boolq" } as const;
const VALIDATION = "data/validation-00000-of-00001.parquet";
const TRAIN = "data/train-00000-of-00001.parquet";

beforeEach(() => {
  withoutHubVariables();
  return () => vi.unstubAllEnvs();
});

test("lists, downloads and names the files of a pinned commit", async () => {
  const { hub, cache } = await setUp();
  const files = await open(hub, cache, COMMIT);
  expect(files.paths).toEqual(Object.keys(REPOSITORY.files));
  expect(await text(await files.local(VALIDATION))).toBe("validation rows, é\n");
  expect(await text(await files.local(TRAIN))).toBe("train rows");
  expect(await text(await files.local("data/with space #1.json"))).toBe("[]");
  for (const path of [TRAIN, VALIDATION]) {
    const bytes = await readFile(await files.local(path));
    expect(await files.checksum(path)).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
});

test("may be opened several times at once", async () => {
  const { hub, cache } = await setUp();
  const contents = Array.from({ length: 8 }, async () =>
    text(await (await open(hub, cache, "main")).local(VALIDATION)),
  );
  expect(new Set(await Promise.all(contents))).toEqual(new Set(["validation rows, é\n"]));
});

test("asks the network for nothing that it has", async () => {
  const { hub, cache } = await setUp();
  await (await open(hub, cache, COMMIT)).local(VALIDATION);
  const asked = hub.requests.length;
  expect(await text(await (await open(hub, cache, COMMIT)).local(VALIDATION))).toContain("validation");
  expect(hub.requests).toHaveLength(asked);
});

test("looks up the commit of a branch, and remembers it for offline", async () => {
  const { hub, cache } = await setUp();
  const file = await (await open(hub, cache, "main")).local(VALIDATION);
  expect(file.pathname).toContain(COMMIT);
  const offline = await openRepository({ ...BOOLQ, revision: "main", cache, offline: true });
  expect(await offline.local(VALIDATION)).toEqual(file);
  await expect(offline.local(TRAIN)).rejects.toThrow(
    `offline, and the cache ${cache.pathname} lacks the file ${TRAIN} of google/boolq`,
  );
});

test.each([
  ["main", "the revision main"],
  [COMMIT, "the list of files"],
])("offline with an empty cache says what is missing: %s", async (revision, missing) => {
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  const cache = temporaryFolder();
  await expect(openRepository({ ...BOOLQ, revision, cache })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining(`lacks ${missing} of google/boolq`),
  });
});

test("takes endpoint, token and cache from the environment", async () => {
  const { hub, cache } = await setUp({ token: "hf_secret" });
  vi.stubEnv("HF_ENDPOINT", `${hub.endpoint}/`);
  vi.stubEnv("HF_TOKEN", "hf_secret");
  vi.stubEnv("HF_HUB_CACHE", fileURLToPath(cache));
  const files = await openRepository({ ...BOOLQ, revision: "main" });
  expect(await text(await files.local(TRAIN))).toBe("train rows");
  expect(await readdir(cache)).toEqual(["datasets--google--boolq"]);
});

test("takes the cache as a path", async () => {
  const { hub, cache } = await setUp();
  const options = { ...BOOLQ, revision: COMMIT, endpoint: hub.endpoint };
  const files = await openRepository({ ...options, cache: fileURLToPath(cache) });
  expect((await files.local(VALIDATION)).href).toContain(cache.href);
});

test.each(["../x", "google/..", "a/b/c", "", "google/bo olq", "google/boolq?x"])(
  "refuses what is not the name of a dataset: %j",
  async (repository) => {
    const { hub, cache } = await setUp();
    await expect(open(hub, cache, COMMIT, { repository })).rejects.toMatchObject({
      code: "invalid-options",
      message: expect.stringContaining(`hub: ${JSON.stringify(repository)} is not the name of a dataset`),
    });
    expect(hub.requests).toEqual([]);
  },
);

test.each(["", "../../x", "a\nb", "\ud800"])("refuses what is no revision: %j", async (revision) => {
  const { hub, cache } = await setUp();
  await expect(open(hub, cache, revision)).rejects.toMatchObject({ code: "invalid-options" });
});

test("refuses a token that cannot be one", async () => {
  const { hub, cache } = await setUp();
  await expect(open(hub, cache, COMMIT, { token: "secret" })).rejects.toMatchObject({ code: "invalid-options" });
});

test("tells what to do about a gated dataset", async () => {
  const { hub, cache } = await setUp({ token: "hf_secret" });
  await expect(open(hub, cache, "main")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(
      /answered 401.*gated.*Accept its terms at .*\/datasets\/google\/boolq, then set HF_TOKEN/s,
    ),
  });
  expect(hub.requests).toHaveLength(1);
});

test.each([
  [401, "GatedRepo", undefined, /gated.*Accept its terms at .*\/datasets\/google\/boolq, then set HF_TOKEN/s],
  [
    403,
    "GatedRepo",
    "hf_other",
    /gated, and the account of HF_TOKEN has no access to it yet\..*Accept its terms at .* with that account/s,
  ],
  [401, "RepoNotFound", undefined, /does not exist, or it is private and HF_TOKEN is not set; check the name/],
  [404, "RepoNotFound", "hf_other", /does not exist, or it is private and the account of HF_TOKEN cannot see it/],
  [404, "RevisionNotFound", undefined, /no such revision; check it against .*boolq\/tree\/main/],
  [404, "EntryNotFound", undefined, /no such file/],
  [403, "DisabledRepo", undefined, /disabled/],
  [401, undefined, "hf_other", /token is not valid/],
  [403, undefined, undefined, /gated/],
  [404, undefined, undefined, /no such dataset, revision or file/],
  [400, undefined, undefined, /HF_ENDPOINT/],
])("says at once what to do about %i %s with the token %s", async (status, code, token, advice) => {
  const { hub, cache } = await setUp();
  hub.intercept = (_, response) => {
    response.writeHead(status, { ...(code && { "x-error-code": code }), "x-error-message": "so it says" }).end();
    return true;
  };
  const error: unknown = await open(hub, cache, "v2", token ? { token } : {}).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "unavailable", message: expect.stringMatching(advice) });
  expect(Object(error).message).toContain(
    `dataset google/boolq, revision v2: the Hub answered ${status} ("so it says"). `,
  );
  expect(hub.requests).toHaveLength(1);
});

test("tells a dataset that does not exist from a revision that does not, and from a file", async () => {
  const { hub, cache } = await setUp();
  await expect(open(hub, cache, "nonsense")).rejects.toThrow(
    "revision nonsense: the Hub answered 404. The dataset has no such",
  );
  await expect(open(hub, cache, "main", { repository: "google/none" })).rejects.toThrow(
    /google\/none.*does not exist/s,
  );
  await expect((await open(hub, cache, "main")).local("none.json")).rejects.toThrow(`no file none.json at ${COMMIT}`);
});

test("reads a branch with slashes in its name, and remembers its commit for offline", async () => {
  const { hub, cache } = await setUp({ branches: ["refs/convert/parquet"] });
  const file = await (await open(hub, cache, "refs/convert/parquet")).local(VALIDATION);
  expect(hub.requests[0]).toContain("/revision/refs%2Fconvert%2Fparquet?");
  const offline = await open(hub, cache, "refs/convert/parquet", { offline: true });
  expect(await offline.local(VALIDATION)).toEqual(file);
});

test("follows a dataset that was renamed, with its token", async () => {
  const { hub, cache } = await setUp({ formerName: "old/boolq", token: "hf_secret" });
  const files = await open(hub, cache, "main", { repository: "old/boolq", token: "hf_secret" });
  expect(await text(await files.local(VALIDATION))).toBe("validation rows, é\n");
});

test.each([429, 500, 503])("tries again after %i, and gives up after the last attempt", async (status) => {
  const { hub, cache } = await setUp();
  let failures = 2;
  hub.intercept = (_, response) => {
    if (failures === 0) return false;
    failures -= 1;
    response.writeHead(status, { "retry-after": "0" }).end();
    return true;
  };
  expect((await open(hub, cache, COMMIT)).paths).toContain("README.md");
  failures = Infinity;
  hub.requests.length = 0;
  await expect(open(hub, cache, "main")).rejects.toThrow(new RegExp(`answered ${status}.*3 times in a row`, "s"));
  expect(hub.requests).toHaveLength(3);
});

test("tells that the Hub cannot be reached", async () => {
  const cache = temporaryFolder();
  const unreachable = openRepository({
    ...BOOLQ,
    revision: "main",
    endpoint: "http://127.0.0.1:9",
    cache,
    attempts: 2,
    retryDelay: 0,
  });
  await expect(unreachable).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/cannot be reached.*HF_HUB_OFFLINE=1/s),
  });
});

test("lists the files again when the list breaks off", async () => {
  const { hub, cache } = await setUp();
  let broken = 0;
  hub.intercept = (request, response) => {
    if (broken === 2 || !request.url!.includes("/tree/")) return false;
    broken += 1;
    response.writeHead(200, { "content-length": 100 }).write('[{"type":', () => response.destroy());
    return true;
  };
  expect((await open(hub, cache, COMMIT)).paths).toEqual(expect.arrayContaining([TRAIN, VALIDATION]));
});

test("makes a damaged list of files again", async () => {
  const { hub, cache } = await setUp();
  await open(hub, cache, COMMIT);
  await truncate(new URL(`datasets--google--boolq/trees/${COMMIT}.json`, cache), 10);
  expect((await open(hub, cache, COMMIT)).paths).toContain("README.md");
});

test("writes no file outside its cache, whatever the Hub lists", async () => {
  const { hub, cache } = await setUp({ files: { "../../../../../evil.txt": "x", "/evil.txt": "x", "a/./b": "x" } });
  const files = await open(hub, cache, COMMIT);
  for (const path of ["../../../../../evil.txt", "/evil.txt", "a/./b"]) {
    await expect(files.local(path)).rejects.toThrow("outside the repository");
  }
});

test("stops when it is told to", async () => {
  const { hub, cache } = await setUp();
  const controller = new AbortController();
  hub.intercept = () => {
    controller.abort();
    return true;
  };
  const asked = { ...BOOLQ, revision: "main", endpoint: hub.endpoint, cache };
  const opening = openRepository(asked, { signal: controller.signal });
  await expect(opening).rejects.toThrow(/abort/i);
});

async function setUp(changes: Partial<HubContents> = {}): Promise<{ hub: HubServer; cache: URL }> {
  return { hub: await hubServer({ ...REPOSITORY, ...changes }), cache: temporaryFolder() };
}

function open(hub: HubServer, cache: URL, revision: string, options: Partial<HubRepository> = {}) {
  return openRepository({
    ...BOOLQ,
    revision,
    endpoint: hub.endpoint,
    cache,
    attempts: 3,
    retryDelay: 0,
    ...options,
  });
}

async function text(file: URL): Promise<string> {
  return readFile(file, "utf8");
}
