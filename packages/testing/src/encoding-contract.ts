import type { ConversationFormat, Encoded, ModelSource, TrainableModel } from "@mlan/core";
import { expect, it } from "vitest";
import { alphabetConversations } from "./memory-dataset.ts";

/** Declares the tests of how a trainable model encodes conversations in the format `tuning`, the model's current one. */
export function describeEncoding(source: ModelSource, model: () => TrainableModel, tuning: ConversationFormat): void {
  it("masks the user's text and learns the assistant's", () => {
    for (const conversation of alphabetConversations(4)) {
      const { inputIds, labels, supervised } = model().encode(conversation);
      expect(labels.length).toBe(inputIds.length);
      expect(supervised).toBeGreaterThan(0);
      expect(labels.filter((label) => label !== -100).length).toBeGreaterThanOrEqual(supervised);
      expect(labels[0]).toBe(-100);
      labels.forEach((label, position) => expect([-100, inputIds[position]]).toContain(label));
    }
  });

  it.each(["text", "turns"] as const)(
    "learns nothing from an answer that is marked as not supervised, by %s",
    (answerSpans) => {
      const [first, second] = alphabetConversations(2).map(({ turns }) => turns);
      const encode = (supervised: boolean): Encoded => {
        const unsupervised = first?.map((turn) => (turn.role === "assistant" ? { ...turn, supervised } : turn)) ?? [];
        return model().encode({ id: "a", turns: [...unsupervised, ...(second ?? [])], images: [] }, { answerSpans });
      };
      const [all, one] = [encode(true), encode(false)];
      expect(one.inputIds).toEqual(all.inputIds);
      expect(one.supervised).toBeGreaterThan(0);
      expect(one.supervised).toBeLessThan(all.supervised);
      const places = [...one.labels.keys()].filter((place) => one.labels[place] !== -100);
      for (const place of places) expect(one.labels[place]).toBe(all.labels[place]);
    },
  );

  it("names the template of its tuning, if any, also before it is opened", async () => {
    const { tuningTemplate } = model();
    if (source.inspect) expect((await source.inspect()).tuningTemplate).toBe(tuningTemplate);
    if (tuningTemplate === undefined) return;
    model().setFormat({ ...tuning, template: tuningTemplate });
    for (const conversation of alphabetConversations(4))
      expect(model().encode(conversation).supervised).toBeGreaterThan(0);
    model().setFormat(tuning);
  });
}
