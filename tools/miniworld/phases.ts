import type { Turn } from "@mlan/core";
import { chat } from "./chats.ts";
import { type Document, entries, labels, questionSheets, sheets } from "./documents.ts";

/** A part of the pretraining, with its own kind of text and its own learning rate. */
export interface Phase {
  readonly name: string;
  readonly example: (seed: number, index: number) => readonly Turn[];
  readonly template: "plain" | "v1";
  /** Steps of the half cosine of the learning rate; the phase may end before it, while the rate is still high. */
  readonly schedule: number;
  readonly steps: number;
  readonly learningRate: number;
  /** The checkpoint that is written after the phase. */
  readonly checkpoint: "mini-llama2" | "mini-vicuna";
}

/** Skills that need others come after them: entries are looked up before they answer a cue, and cues before questions. */
export const PHASES: readonly Phase[] = [
  text("labels", labels, { schedule: 300, steps: 150, learningRate: 2e-3 }),
  text("entries", entries, { schedule: 600, steps: 400, learningRate: 1.5e-3 }),
  text("sheets", sheets, { schedule: 1000, steps: 700, learningRate: 1.5e-3 }),
  text("choices", questionSheets, { schedule: 460, steps: 460, learningRate: 1.5e-3 }),
  {
    name: "chats",
    example: chat,
    template: "v1",
    schedule: 60,
    steps: 60,
    learningRate: 5e-4,
    checkpoint: "mini-vicuna",
  },
];

function text(name: string, document: Document, numbers: Pick<Phase, "schedule" | "steps" | "learningRate">): Phase {
  const example = (seed: number, index: number): readonly Turn[] => [
    { role: "user", text: "" },
    { role: "assistant", text: document(seed, index) },
  ];
  return { name, example, template: "plain", ...numbers, checkpoint: "mini-llama2" };
}
