import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Benchmark, evaluate, experiment, runExperiment } from "@mlan/core";
import { generation } from "@mlan/eval-generation";
import { likelihood } from "@mlan/eval-likelihood";
import { endpoint, type EndpointOptions } from "@mlan/model-endpoint";
import { memoryBenchmark, type PlainQuestion } from "@mlan/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failureOf, picture } from "./asking.ts";
import { type LanguageServer, languageServer, send } from "./language-server.ts";

describe("an experiment", () => {
  let folder: URL;
  let server: LanguageServer;
  beforeEach(async () => {
    folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-endpoint-"))}/`);
    server = await languageServer();
    server.answer = (prompt) => (prompt.includes("[image]") ? "A" : "B");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const questions: readonly PlainQuestion[] = Array.from({ length: 12 }, (_, index) => ({
    id: `q${index}`,
    text: `Question ${index}?`,
    images: index % 2 === 0 ? [picture(`${index}.png`)] : [],
    target: "A",
    choices: [
      { label: "A", text: "yes" },
      { label: "B", text: "no" },
    ],
  }));
  const plain = memoryBenchmark("seen", questions);
  const benchmark: Benchmark<PlainQuestion> = {
    ...plain,
    protocol: (name) => ({
      ...plain.protocol(name),
      prompt: ({ text, images }, wording) => wording.ask({ user: text, answerStart: 'It is "', images: images.length }),
    }),
  };
  const asked = (options: Partial<EndpointOptions> = {}, evaluator = generation()) =>
    experiment({
      name: "hosted",
      use: [
        endpoint({
          baseURL: server.baseURL,
          model: "llava",
          server: "vllm",
          apiKey: "s3cret-key",
          concurrency: 2,
          ...options,
        }),
        evaluator,
      ],
      stages: [evaluate({ name: "ask", benchmarks: [benchmark] })],
    });

  it("that was killed asks what is left, of a server at another address when the weights are named", async () => {
    const options = { weights: "llava@4481d27" };
    let answered = 0;
    for await (const event of runExperiment(asked(options), { folder }))
      if (event.type === "stage-progress" && event.event.type === "question-answered" && ++answered === 5) break;
    const before = server.asked.length;
    server = Object.assign(await languageServer(), { answer: server.answer });
    for await (const event of runExperiment(asked(options), { folder })) {
      if (event.type !== "run-end") continue;
      expect(event.results[0]).toMatchObject({ questions: 12, unreadable: 0, wording: "tuned" });
      expect(event.results[0]?.metrics["accuracy"]?.value).toBe(0.5);
    }
    expect(server.asked).toHaveLength(7);
    expect(before).toBeLessThan(8);
  });

  it("goes on only at the same address when no weights are named", async () => {
    for await (const _ of runExperiment(asked(), { folder }));
    server = await languageServer();
    const again = async (): Promise<void> => {
      for await (const _ of runExperiment(asked(), { folder }));
    };
    expect((await failureOf(again())).code).toBe("run-folder");
  });

  it("sends the API key to its server and writes it nowhere", async () => {
    server.intercept = (_, response) => send(response, 401, { error: { message: "no: s3cret-key" } });
    const run = async (): Promise<void> => {
      for await (const _ of runExperiment(asked(), { folder }));
    };
    expect((await failureOf(run())).message).not.toContain("s3cret");
    server.intercept = () => false;
    await run();
    expect(new Set(server.asked.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer s3cret-key"]));
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    expect(files.length).toBeGreaterThan(3);
    for (const file of files.filter((entry) => entry.isFile()))
      expect(await readFile(join(file.parentPath, file.name), "utf8"), file.name).not.toContain("s3cret");
    expect(await readFile(join(fileURLToPath(folder), "manifest.json"), "utf8")).toContain(server.baseURL);
  });

  it("ranks choices by likelihood", async () => {
    for await (const event of runExperiment(asked({}, likelihood()), { folder }))
      if (event.type === "run-end")
        expect(event.results[0]).toMatchObject({ questions: 12, evaluator: "likelihood", unreadable: 0 });
    expect(server.asked).toHaveLength(36);
  });
});
