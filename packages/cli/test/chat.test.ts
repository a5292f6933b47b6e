import { once } from "node:events";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChatMessage } from "@mlan/core";
import { folderWith, hubServer, temporaryFolder } from "@mlan/testing";
import { describe, expect, test } from "vitest";
import { type Finished, openSession, start } from "./command-line.ts";
import { talkingModel } from "./talking-model.ts";

const model = await talkingModel();
const [red, blue] = await Promise.all([model.picture("red"), model.picture("blue")]);

const mlan = openSession();
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** `mlan chat` with these lines as its input. */
function chat(lines: readonly string[], ...words: readonly string[]): Promise<Finished> {
  return chatWith(model.checkpoint, lines, "--max-tokens", "8", ...words);
}

function chatWith(checkpoint: string, lines: readonly string[], ...words: readonly string[]): Promise<Finished> {
  return mlan(["chat", checkpoint, ...words], process.cwd(), textOf(lines));
}

function user(text: string, file?: string): ChatMessage {
  const images = file === undefined ? [] : [{ name: file, read: async () => new Uint8Array(await readFile(file)) }];
  return { role: "user", text, images };
}

const by = (role: "assistant" | "system", text: string): ChatMessage => ({ role, text });
const SHORT = { maximumNewTokens: 8 };

describe("a chat by pipe", () => {
  test("answers line by line, each with all before it", async () => {
    const first = await model.answer([user("hello there")], SHORT);
    const second = await model.answer([user("hello there"), by("assistant", first), user("and now?")], SHORT);
    expect(second).not.toBe(await model.answer([user("and now?")], SHORT));
    const { process: child, finished } = start(["chat", model.checkpoint, "--max-tokens", "8"]);
    child.stdin?.end(textOf(["hello there", "", "and now?"]));
    const { status, stdout, stderr } = await finished;
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe(`${first}\n${second}\n`);
  });

  test("answers from 8 bits, which it keeps beside the checkpoint", async () => {
    const { status, stdout, stderr } = await chat(["hello there"], "--weight-format", "int8");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.length).toBeGreaterThan(1);
    const kept = join(model.checkpoint, "quantized");
    expect(await readdir(kept)).toEqual([expect.stringMatching(/^int8-v\d+-[0-9a-f-]+\.safetensors$/)]);
    await rm(kept, { recursive: true });
    const wrong = await chat(["hello"], "--weight-format", "int3");
    expect(wrong.status).not.toBe(0);
    expect(wrong.stderr).toContain("float32, stored, int8-128, int8, int8-32");
  });

  test("takes a checkpoint from the Hub, with the plugin that reads it", async () => {
    const names = await readdir(model.checkpoint);
    const files = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(model.checkpoint, name))] as const)),
    );
    const server = await hubServer({ type: "model", name: "acme/talks", commit: "0".repeat(40), files });
    const HF_HUB_CACHE = fileURLToPath(temporaryFolder());
    const env = { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE, HF_HUB_OFFLINE: "0" };
    const { process: child, finished } = start(["chat", "hub:acme/talks", "--max-tokens", "8"], env);
    child.stdin?.end("hello there\n");
    const { status, stdout, stderr } = await finished;
    expect({ status, stderr, stdout }).toEqual({
      status: 0,
      stderr: "",
      stdout: `${await model.answer([user("hello there")], SHORT)}\n`,
    });
  });

  test("shows pictures, changes the system prompt, forgets", async () => {
    const seen = await model.answer([user("what is it?", red)], SHORT);
    const both = [user("what is it?", red), by("assistant", seen), user("and this?", blue)];
    const compared = await model.answer(both, SHORT);
    const brief = await model.answer([by("system", "Be brief."), user("what is it?")], SHORT);
    const plain = await model.answer([user("what is it?")], SHORT);
    expect(new Set([seen, compared, brief, plain]).size).toBe(4);
    const lines = ["what is it?", `/image ${blue}`, "and this?", "/reset", "/system Be brief.", "what is it?"];
    const { status, stdout, stderr } = await chat([...lines, "/reset", "/system", "what is it?"], "--image", red);
    expect(stdout).toBe([seen, compared, brief, plain].map((line) => `${line}\n`).join(""));
    expect(status).toBe(0);
    expect(stderr.trim().split("\n")).toEqual([
      `${blue} will be sent with the next message.`,
      "This is a new conversation.",
      "The system prompt has changed.",
      "This is a new conversation.",
      "The template's system prompt applies again.",
    ]);
  });

  test("says first what is to be known of the checkpoint, such as a projector that is new", async () => {
    const words = ["--tower", model.tower, "--template", "v1", "--max-tokens", "1"];
    const { status, stderr } = await chatWith(model.backbone, ["hello"], ...words);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^Note: .*projector.*\.\n$/);
  });

  test("draws tokens by a seed", async () => {
    const drawn = await model.answer([user("hello")], { ...SHORT, sampling: { temperature: 1.3, topP: 0.9, seed: 4 } });
    const { stdout } = await chat(["hello"], "--temperature", "1.3", "--top-p", "0.9", "--seed", "4");
    expect(stdout).toBe(`${drawn}\n`);
  });

  test("goes on after a line that cannot be answered, and says so at the end", async () => {
    const answer = await model.answer([user("hello")], SHORT);
    const lines = [
      "/jump",
      "/image none.png",
      `/image ${import.meta.filename}`,
      "what is it?",
      "a".repeat(600),
      "hello",
    ];
    const { status, stdout, stderr } = await chat(lines);
    expect(stdout).toBe(`${answer}\n`);
    expect(status).toBe(1);
    const [jump, none, shown, text, dropped, long, ...more] = stderr.trim().split("\n");
    expect(more).toEqual([]);
    expect(jump).toBe("error: there is no command /jump. The commands are /image, /system, /reset and /help.");
    expect(none).toBe("error: none.png is not a file. Give the path of an image.");
    expect(shown).toMatch(/chat\.test\.ts will be sent with the next message\.$/);
    expect(text).toMatch(/^error: .*image "[^"]*chat\.test\.ts"/);
    expect(dropped).toBe("The images of this message were dropped. Send them again with /image.");
    expect(long).toMatch(/^error: .* positions; the model reads 504\. Shorten its text/);
  });

  test("keeps the pictures of the next message when a command is wrong", async () => {
    const seen = await model.answer([user("what is it?", red)], SHORT);
    const { stdout, stderr } = await chat([`/image ${red}`, "/image none.png", "what is it?"]);
    expect(stdout).toBe(`${seen}\n`);
    expect(stderr).not.toContain("dropped");
  });

  test("stops an answer at Ctrl-C and takes the next line; ends at Ctrl-C between answers", async () => {
    const { process: child, finished } = start(["chat", model.checkpoint, "--max-tokens", "320"]);
    child.stdin?.write("on and on\n");
    await once(child.stdout!, "data");
    child.kill("SIGINT");
    const [note] = await once(child.stderr!, "data");
    expect(note).toBe("stopped\n");
    child.stdin?.write("/help\n");
    await once(child.stderr!, "data");
    child.kill("SIGINT");
    const { status, stdout } = await finished;
    expect(status).toBe(130);
    const whole = await model.answer([user("on and on")], { maximumNewTokens: 320 });
    expect(whole.startsWith(stdout.trimEnd())).toBe(true);
    expect(stdout.length).toBeLessThan(whole.length);
  });
});

test("a checkpoint that does not name its template is talked with in the one that the user names", async () => {
  const foreign = temporaryFolder();
  await cp(model.checkpoint, foreign, { recursive: true });
  for (const name of ["checksums.json", "chat_template.jinja"]) await rm(new URL(name, foreign));
  const config = JSON.parse(await readFile(new URL("config.json", foreign), "utf8"));
  const { mlan_template: _, mlan_template_fingerprint: __, ...theirs } = config;
  await writeFile(new URL("config.json", foreign), JSON.stringify(theirs));
  const talk = (...words: readonly string[]): Promise<Finished> =>
    chatWith(fileURLToPath(foreign), ["hello there"], "--max-tokens", "8", ...words);
  const refused = await talk();
  expect(refused).toMatchObject({ status: 1, stdout: "" });
  expect(refused.stderr).toMatch(
    /does not name the template of the model's tuning.*\(on the command line: --template\)/,
  );
  const { status, stdout } = await talk("--template", "v1");
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${await model.answer([user("hello there")], SHORT)}\n` });
});

describe("a checkpoint that cannot be talked with is refused:", async () => {
  const adapter = await folderWith({ "adapter_config.json": "{}" });
  test.each([
    [
      "a backbone without a template",
      () => [model.backbone],
      /its template "plain" has no turns\..* give a template, e\.g\. --template v1/,
    ],
    [
      "a template that does not exist",
      () => [model.backbone, "--template", "v9"],
      /the option "template" is "v9" \(expected one of v1, llama_2, plain\)/,
    ],
    ["no folder", () => ["nowhere"], /nowhere\/config\.json cannot be read\. Give the folder of a checkpoint\./],
    [
      "an adapter",
      () => [fileURLToPath(adapter)],
      /holds an adapter, not a whole model\. Give the model that it was trained on, and this folder as --adapter/,
    ],
    ["a name that no repository has", () => ["hub:../tiny"], /hub: "\.\.\/tiny" is not the name of a model on the Hub/],
    ["a picture that is none", () => [model.checkpoint, "--image", "none.png"], /none\.png is not a file/],
    ["a temperature below 0", () => [model.checkpoint, "--temperature", "-1"], /It must be a number of 0 or more\./],
  ] as const)("%s", async (_, words, message) => {
    const { status, stdout, stderr } = await mlan(["chat", ...words()]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(message);
  });
});
