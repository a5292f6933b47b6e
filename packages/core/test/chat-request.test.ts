import { beforeStop, type ChatMessage, chatRequest, type ImageReference, MlanError } from "@mlan/core";
import { describe, expect, it } from "vitest";

const [cat, dog] = ["cat", "dog"].map((name): ImageReference => ({ name, read: async () => new Uint8Array() }));

describe("chatRequest", () => {
  it("asks the last message after the others, images in front of their texts", () => {
    const messages: readonly ChatMessage[] = [
      { role: "system", text: "Be brief." },
      { role: "user", text: "What is it?", images: [cat!] },
      { role: "assistant", text: "A cat." },
      { role: "user", text: "And these?", images: [cat!, dog!] },
    ];
    expect(chatRequest(messages)).toEqual({
      prompt: {
        kind: "chat",
        history: [
          { role: "system", text: "Be brief." },
          { role: "user", text: "<image>\nWhat is it?" },
          { role: "assistant", text: "A cat." },
        ],
        user: "<image> <image>\nAnd these?",
        answerStart: "",
      },
      images: [cat, cat, dog],
    });
  });

  it("continues a last message of the assistant", () => {
    const messages: readonly ChatMessage[] = [
      { role: "user", text: "What is it?" },
      { role: "assistant", text: "A black" },
    ];
    expect(chatRequest(messages)).toEqual({
      prompt: { kind: "chat", user: "What is it?", answerStart: "A black" },
      images: [],
    });
  });

  it("of one message has no history, and a placeholder in it is text where no image is", () => {
    expect(chatRequest([{ role: "user", text: "What is <image>?" }])).toEqual({
      prompt: { kind: "chat", user: "What is <image>?", answerStart: "" },
      images: [],
    });
  });

  it.each<[readonly ChatMessage[], RegExp]>([
    [[], /no user message to answer/],
    [[{ role: "system", text: "Be brief." }], /no user message to answer/],
    [[{ role: "assistant", text: "A cat." }], /no user message to answer/],
    [
      [{ role: "user", text: "What is <image>?", images: [cat!] }],
      /a text contains <image>, which marks the place of an image/,
    ],
  ])("refuses %o", (messages, message) => {
    const ask = (): unknown => chatRequest(messages);
    expect(ask).toThrow(MlanError);
    expect(ask).toThrow(message);
  });
});

it("beforeStop cuts before the stop string that comes first", () => {
  expect(beforeStop("one two three", ["three", "two", "four"])).toBe("one ");
  expect(beforeStop("one two", ["three"])).toBe("one two");
  expect(beforeStop("one two", [])).toBe("one two");
});
