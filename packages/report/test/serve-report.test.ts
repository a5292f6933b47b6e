import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type LiveReport, serveReport } from "@mlan/report";

let report: LiveReport | undefined;
afterEach(() => report?.close());

test("serves the page of the current state, and renders each state once", async () => {
  let state = "one";
  const rendered: string[] = [];
  const render = async (shown: string): Promise<string> => {
    rendered.push(shown);
    return `<p>${shown}</p>`;
  };
  report = await serveReport({ render, state: async () => state });
  const { url } = report;
  const page = (): Promise<string> => fetch(url).then((response) => response.text());
  expect([await page(), await page()]).toEqual(["<p>one</p>", "<p>one</p>"]);
  state = "two";
  expect(await page()).toBe("<p>two</p>");
  expect(rendered).toEqual(["one", "two"]);
});

test("tells an open page that there is another state", async () => {
  report = await serveReport({ render: async () => "", state: async () => "two", pollSeconds: 0.02 });
  const response = await fetch(`${report.url}changes?since=one`);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("data:")) text += (await reader?.read())?.value ?? "";
  expect(text).toContain('data: "two"\n\n');
  await reader?.cancel();
});

test("shows why a run cannot be read, as text, and tries again", async () => {
  let isBroken = true;
  const render = async (): Promise<string> => {
    if (isBroken) throw new Error("<script>alert(1)</script> is not a run folder");
    return "whole";
  };
  report = await serveReport({ render, state: async () => "same" });
  const broken = await fetch(report.url);
  expect(broken.status).toBe(503);
  expect(await broken.text()).toMatch(
    /http-equiv="refresh"[^]*&lt;script&gt;alert\(1\)&lt;\/script&gt; is not a run folder/,
  );
  isBroken = false;
  expect(await (await fetch(report.url)).text()).toBe("whole");
});

test("answers this machine only, and has one page", async () => {
  report = await serveReport({ render: async () => "secret", state: async () => "" });
  const { url } = report;
  const status = (host: string, path = "/", method = "GET"): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const asked = request(new URL(path, url), { headers: { host }, method }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on("error", reject).end();
    });
  expect(await status("evil.example")).toBe(403);
  expect(await status("127.0.0.1:1")).toBe(200);
  expect(await status("localhost", "/../../etc/passwd")).toBe(404);
  expect(await status("localhost", "/", "POST")).toBe(405);
});

test("survives a request whose address is none", async () => {
  report = await serveReport({ render: async () => "whole", state: async () => "" });
  const port = Number(new URL(report.url).port);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.end("GET // HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    socket.on("data", (data) => resolve(String(data))).on("error", reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(await (await fetch(report.url)).text()).toBe("whole");
});

test("names a port that is taken, and the way out", async () => {
  report = await serveReport({ render: async () => "", state: async () => "" });
  const port = Number(new URL(report.url).port);
  await expect(serveReport({ render: async () => "", state: async () => "", port })).rejects.toThrow(
    /report: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.* Choose a different port, or 0 for any free port\./,
  );
});

test("refuses a number that is no port, and leaves nothing running", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  await expect(serveReport({ render: async () => "", state: async () => "", port: 99_999 })).rejects.toThrow(
    /report: cannot listen on 127\.0\.0\.1:99999: /,
  );
  expect(timers()).toBeLessThanOrEqual(before);
});
