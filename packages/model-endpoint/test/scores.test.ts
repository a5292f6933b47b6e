import { describe, expect, it } from "vitest";
import { failureOf, open, picture } from "./asking.ts";
import { languageServer, logProbability } from "./language-server.ts";

describe("scores", () => {
  const sum = (text: string, from: number): number =>
    Array.from({ length: text.length - from }, (_, index) => logProbability(text, from + index)).reduce(
      (a, b) => a + b,
      0,
    );

  it("of chats are those of vLLM's prompt_logprobs, also with images", async () => {
    const server = await languageServer();
    const model = await open(server, { server: "vllm" });
    const prompt = { kind: "chat", user: "<image>\nWhich?", answerStart: "It is " } as const;
    const requests = ["A", "Bee"].map((continuation) => ({
      id: continuation,
      prompt,
      images: [picture("a.png")],
      continuation,
    }));
    const start = "user: [image]Which?\nassistant: It is ";
    const [one, two] = await model.score(requests);
    expect(one).toMatchObject({ id: "A", tokens: 1, length: start.length });
    expect(one?.logProbability).toBeCloseTo(sum(`${start}A`, start.length), 10);
    expect(two).toMatchObject({ id: "Bee", tokens: 3, length: start.length + 2 });
    expect(two?.logProbability).toBeCloseTo(sum(`${start}Bee`, start.length), 10);
    // The prompt itself, which the choices share, is asked once.
    expect(server.asked).toHaveLength(3);
  });

  it("of texts are those of an echo", async () => {
    const server = await languageServer();
    const model = await open(server);
    const prompt = { kind: "raw", text: "The sky is ", beginOfSequence: true } as const;
    const [score] = await model.score([{ id: "a", prompt, images: [], continuation: "blue" }]);
    expect(score).toMatchObject({ id: "a", tokens: 4, length: 14 });
    expect(score?.logProbability).toBeCloseTo(sum("The sky is blue", 11), 10);
    expect(server.asked[0]?.body).toMatchObject({ prompt: "The sky is blue", echo: true });
  });

  it("of texts count characters as servers in Python do", async () => {
    const server = await languageServer();
    const model = await open(server);
    const prompt = { kind: "raw", text: "\u{1f600}\u{1f600} is ", beginOfSequence: true } as const;
    const [score] = await model.score([{ id: "a", prompt, images: [], continuation: "blue" }]);
    expect(score).toMatchObject({ tokens: 4, length: 9 });
  });

  it("of texts are refused where tokens are not at the places that a server says", async () => {
    const server = await languageServer();
    // As vLLM reports the tokens of SentencePiece: each decoded alone, without its space, behind one for the beginning.
    server.change = (reply) => ({
      ...reply,
      choices: [
        {
          ...reply["choices"][0],
          logprobs: {
            tokens: ["<s>", "The", "sky", "is", "bl", "ue", "."],
            token_logprobs: [null, -1, -2, -3, -4, -5, -6],
            text_offset: [0, 3, 6, 9, 11, 13, 15],
          },
        },
      ],
    });
    const model = await open(server);
    const prompt = { kind: "raw", text: "The sky is", beginOfSequence: true } as const;
    const { message } = await failureOf(model.score([{ id: "a", prompt, images: [], continuation: " blue" }]));
    expect(message).toMatch(
      /returns tokens for "a" that do not add up to its text \(".*"\), so the continuation cannot/,
    );
  });

  it.each(["generic", "openai", "vllm", "llama.cpp"] as const)(
    "are refused by one sentence where %s gives none",
    async (kind) => {
      const server = await languageServer();
      server.change = (reply) => ({
        ...reply,
        prompt_logprobs: null,
        choices: [{ ...reply["choices"][0], logprobs: null }],
      });
      const model = await open(server, { server: kind });
      for (const prompt of [
        { kind: "chat", user: "?", answerStart: "" } as const,
        { kind: "raw", text: "The sky is ", beginOfSequence: true } as const,
      ]) {
        const { message, code } = await failureOf(model.score([{ id: "a", prompt, images: [], continuation: "blue" }]));
        expect(code).toBe("unavailable");
        expect(message).toContain(
          `(server "${kind}") returns no log-probabilities of prompts, which likelihood() needs; use a vLLM server`,
        );
      }
    },
  );
});
