import { readFile } from "node:fs/promises";
import { v1 } from "@mlan/model-llava";
import { expect, it } from "vitest";

/**
 * The texts that transformers rendered with the saved models' chat_template.jinja; see tools/fixtures/saved_models.py.
 */
const chats = JSON.parse(await readFile(new URL("fixtures/saved/chats.json", import.meta.url), "utf8")) as Record<
  string,
  string
>;

it.each(["padded", "cropped", "sentencepiece"])(
  "transformers asks the saved model %s in the same words as mlan's template",
  (name) => {
    const segments = v1.promptSegments({
      id: "asked",
      turns: [
        { role: "user", text: "What is it?", images: 2 },
        { role: "assistant", text: "A cat", images: 0 },
        { role: "user", text: "Why?", images: 0 },
      ],
      answerStart: "",
    });
    const written = segments.map((segment) => {
      if ("text" in segment) return segment.text;
      if ("addedToken" in segment) return segment.addedToken;
      return segment.token === "image" ? "<image>" : "</s>";
    });
    expect(chats[name]).toBe("<s>" + written.join(""));
  },
);
