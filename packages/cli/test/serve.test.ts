import { once } from "node:events";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@mlan/testing";
import { expect, test } from "vitest";
import { openSession, start } from "./command-line.ts";
import { talkingModel } from "./talking-model.ts";

const typed = openSession();
const model = await talkingModel();

test("serve answers at a port of this machine, asks for its key, and ends in good order", async () => {
  const owner = fileURLToPath(new URL("me@home/", temporaryFolder()));
  await mkdir(owner);
  await symlink(model.checkpoint, join(owner, "talks"));
  const { process: child, finished } = start(["serve", join(owner, "talks/"), "--port", "0", "--max-tokens", "16"], {
    MLAN_API_KEY: "secret",
  });
  const [line] = await once(child.stdout!, "data");
  const [, url] = /^talks is served at (http:\/\/127\.0\.0\.1:\d+\/v1)\n$/.exec(line) ?? [];
  const ask = async (key: string): Promise<unknown> => {
    const response = await fetch(`${url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify({
        model: "talks",
        messages: [{ role: "user", content: "hello" }],
        temperature: 0,
      }),
    });
    return response.json();
  };
  expect(await ask("wrong")).toMatchObject({ error: { code: "invalid_api_key" } });
  const content = await model.answer([{ role: "user", text: "hello" }], { maximumNewTokens: 16 });
  expect(await ask("secret")).toMatchObject({ choices: [{ message: { content } }] });
  child.kill("SIGTERM");
  const { status, stderr } = await finished;
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: "Finishing the answers that have begun. Ctrl-C again stops at once.\n",
  });
});

test("serve refuses options that cannot be", async () => {
  const { status, stderr } = await typed(["serve", model.checkpoint, "--port", "70000"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/serve: option "port": expected .* at most 65535, found 70000/);
  const bodies = await typed(["serve", "nowhere", "--max-body", "2", "--max-bodies", "1"]);
  // Before the checkpoint is opened.
  expect(bodies.stderr).toMatch(/option "maximumHeldBytes" is 1000000, less than the 2000000 bytes/);
});
