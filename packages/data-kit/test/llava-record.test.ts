import { conversationOf, imageFromBytes, llavaRecord, type LlavaTurn } from "@mlan/data-kit";
import fc from "fast-check";
import { expect, test } from "vitest";

const image = imageFromBytes("a.png", new Uint8Array([1]));
const human = (value: string): LlavaTurn => ({ from: "human", value });
const gpt = (value: string): LlavaTurn => ({ from: "gpt", value });

test.each(["What is it?\n<image>", "<image>What is it?", "  <image><image> Sure? "])("keeps %j as it is", (value) => {
  const { turns } = conversationOf({ image, conversations: [human(value), gpt("A cat.")] }, "1");
  expect(turns[0]).toEqual({ role: "user", text: value });
});

test("keeps the text <image> if there is no image", () => {
  const conversation = conversationOf({ conversations: [human("an HTML <image> tag "), gpt("yes")] }, "1");
  expect(conversation.turns[0]?.text).toBe("an HTML <image> tag ");
  expect(conversation.images).toEqual([]);
});

test("drops a first turn by gpt", () => {
  const record = llavaRecord.parse({ conversations: [gpt("Welcome."), human("Hi"), gpt("Hello")] });
  expect(conversationOf(record, "1").turns).toEqual([
    { role: "user", text: "Hi" },
    { role: "assistant", text: "Hello" },
  ]);
});

test("accepts exactly the turns that alternate and end with an answer", () => {
  const errorPrefix = fc.constantFrom("human", "gpt", "system");
  fc.assert(
    fc.property(fc.array(errorPrefix, { maxLength: 6 }), (speakers) => {
      const spoken = (speakers[0] === "human" ? speakers : speakers.slice(1)).join(" ");
      const accepted = llavaRecord.safeParse({ conversations: speakers.map((from) => ({ from, value: "" })) }).success;
      expect(accepted).toBe(/^human gpt( human gpt)*$/.test(spoken));
    }),
  );
});
