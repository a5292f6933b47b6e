import { type HubOptions, openRepository } from "@mlan/hub";
import { folderWith, type HubServer, hubServer, listen, temporaryFolder } from "@mlan/testing";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { withoutHubVariables } from "./hub-environment.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const TOKEN = "hf_secret";
const NAME = "acme/secret";

beforeEach(() => {
  withoutHubVariables();
  return () => vi.unstubAllEnvs();
});

describe("the token goes to the Hub's own address alone:", () => {
  test("not to the next page of a list at another host", async () => {
    const { hub, stranger } = await setUp();
    hub.intercept = (request, response) => {
      if (!isList(request)) return false;
      response.setHeader("link", `<${stranger.address}/page?cursor=1>; rel="next"`);
      return Boolean(response.end("[]"));
    };
    await open(hub);
    expect(stranger.tokens).toEqual([undefined]);
  });

  test.each([301, 302, 303, 307, 308])("not through a redirect of status %i", async (status) => {
    const { hub, stranger } = await setUp();
    hub.intercept = (request, response) =>
      isList(request) && Boolean(response.writeHead(status, { location: `${stranger.address}/list` }).end());
    await open(hub);
    expect(stranger.tokens).toEqual([undefined]);
  });

  test("not from a page of the list that redirects, and not to the page after it", async () => {
    const { hub, stranger } = await setUp();
    hub.intercept = (request, response) => {
      if (!isList(request)) return false;
      if (request.url?.includes("cursor")) {
        return Boolean(response.writeHead(302, { location: `${stranger.address}/list?next` }).end());
      }
      response.setHeader("link", `<${hub.endpoint}${request.url}&cursor=1>; rel="next"`);
      return Boolean(response.end("[]"));
    };
    await open(hub);
    expect(stranger.tokens).toEqual([undefined, undefined]);
  });

  test("not back to the Hub where another host sends the request", async () => {
    const { hub, stranger } = await setUp();
    const tokens: unknown[] = [];
    stranger.redirect = `${hub.endpoint}/back`;
    hub.intercept = (request, response) => {
      if (request.url === "/back") tokens.push(request.headers.authorization);
      if (request.url === "/back") return Boolean(response.end("[]"));
      return isList(request) && Boolean(response.writeHead(307, { location: `${stranger.address}/away` }).end());
    };
    await open(hub);
    expect(tokens).toEqual([undefined]);
  });

  test("not to the storage of large files, nor to the same host at another port", async () => {
    const { hub } = await setUp();
    const files = await open(hub);
    // The storage of the test answers 400 to whoever sends a token.
    expect(fileURLToPath(await files.local("large.bin"))).toContain(COMMIT);
  });
});

test("a redirect without end, to no address, or out of the web is given up", async () => {
  const { hub } = await setUp();
  for (const location of ["/again", "http://[", "file:///etc/passwd", "data:application/json,[]"]) {
    hub.intercept = (_, response) => Boolean(response.writeHead(302, { location }).end());
    await expect(open(hub)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("redirected"),
    });
  }
});

describe("the token is in no message:", () => {
  test.each(["hf_se\ncret", "hf_se cret", "hf_se\r\nx-injected: 1", "hf_sécret", "secret", "hf_"])(
    "%j is refused",
    async (token) => {
      const { hub } = await setUp();
      vi.stubEnv("HF_TOKEN", token);
      for (const options of [{ token }, { token: undefined }]) {
        const error: unknown = await open(hub, options).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: "invalid-options" });
        expect(inspect(error).replaceAll('starts with "hf_"', "")).not.toMatch(/secret|cret\b|hf_/);
      }
      expect(hub.requests).toEqual([]);
    },
  );

  test("what a server repeats of it is left out", async () => {
    const { hub } = await setUp();
    hub.intercept = (request, response) =>
      Boolean(response.writeHead(400, { "x-error-message": `no: ${request.headers.authorization}` }).end());
    await expect(open(hub)).rejects.toThrow('("no: Bearer (the token)")');
    await expect(open(hub)).rejects.not.toThrow(TOKEN);
  });

  test("an endpoint with a password is refused without showing it", async () => {
    const { hub } = await setUp();
    vi.stubEnv("HF_ENDPOINT", "https://me:open-sesame@example.org");
    for (const endpoint of ["https://me:open-sesame@example.org", undefined]) {
      const error: unknown = await open(hub, { endpoint }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "invalid-options" });
      expect(inspect(error)).not.toContain("sesame");
    }
  });
});

describe("the token comes from", () => {
  test("a variable with a line break at its end", async () => {
    const { hub } = await setUp();
    vi.stubEnv("HF_TOKEN", `${TOKEN}\n`);
    await expect(open(hub, { token: undefined })).resolves.toBeDefined();
  });

  test("the file that Python's login wrote, unless implicit tokens are switched off", async () => {
    const { hub } = await setUp();
    const home = await folderWith({ token: `${TOKEN}\n` });
    vi.stubEnv("HF_HOME", fileURLToPath(home));
    await expect(open(hub, { token: undefined })).resolves.toBeDefined();
    vi.stubEnv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
    await expect(open(hub, { token: undefined })).rejects.toThrow("gated");
    vi.stubEnv("HF_HUB_DISABLE_IMPLICIT_TOKEN", undefined);
    vi.stubEnv("HF_HOME", fileURLToPath(await folderWith({ token: "not a\ntoken" })));
    await expect(open(hub, { token: undefined })).rejects.toThrow(/check the file .*token/);
    vi.stubEnv("HF_HOME", fileURLToPath(await folderWith({ "token/file": "" })));
    await expect(open(hub, { token: undefined })).rejects.toThrow(/token cannot be read \(EISDIR/);
  });
});

async function setUp() {
  const hub = await hubServer({
    name: NAME,
    commit: COMMIT,
    files: { "large.bin": "large" },
    large: ["large.bin"],
    token: TOKEN,
  });
  const stranger = {
    address: "",
    tokens: [] as (string | undefined)[],
    redirect: undefined as string | undefined,
  };
  const answer = ({ headers, url }: IncomingMessage, response: ServerResponse): void => {
    stranger.tokens.push(headers.authorization);
    if (stranger.redirect !== undefined) response.writeHead(307, { location: stranger.redirect });
    if (url?.endsWith("?next")) response.setHeader("link", `<${stranger.address}/last>; rel="next"`);
    response.end("[]");
  };
  stranger.address = await listen(answer);
  return { hub, stranger };
}

function isList({ url }: IncomingMessage): boolean {
  return url?.includes("/tree/") ?? false;
}

async function open(hub: HubServer, options: { [Key in keyof HubOptions]: HubOptions[Key] | undefined } = {}) {
  const cache = temporaryFolder();
  const given = { endpoint: hub.endpoint, token: TOKEN, cache, attempts: 1, ...options };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return openRepository({ type: "dataset", repository: NAME, revision: COMMIT, ...Object.fromEntries(entries) });
}
