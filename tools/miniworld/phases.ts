import type { Turn } from "@mlan/core";
import { chat } from "./chats.ts";
import {
  attributes,
  bareLists,
  checklists,
  cues,
  type Document,
  labels,
  matching,
  places,
  prose,
  questions,
  review,
  sides,
} from "./documents.ts";

/** A phase of the pretraining, with one kind of text and one learning rate. */
export interface Phase {
  readonly name: string;
  readonly example: (seed: number, index: number) => readonly Turn[];
  readonly template: "plain" | "v1";
  readonly layers: number;
  readonly steps: number;
  /** The peak learning rate. It follows half a cosine over the phase. */
  readonly learningRate: number;
  /** The checkpoint that is written after the phase. */
  readonly checkpoint?: "mini-llama2" | "mini-vicuna";
}

/**
 * The phases in order. A skill comes after the skills that it needs. First, four layers learn to mark the entries of a
 * list. Then two layers are added, which learn to read from the entries of a bare list what the first four have
 * computed.
 */
export const PHASES: readonly Phase[] = [
  text("labels", labels, { layers: 4, steps: 200, learningRate: 2e-3 }),
  text("checklists", checklists, { layers: 4, steps: 240, learningRate: 2e-3 }),
  text("attributes", attributes, { layers: 4, steps: 400, learningRate: 2e-3 }),
  text("places", places, { layers: 4, steps: 600, learningRate: 2e-3 }),
  text("matching", matching, { layers: 4, steps: 500, learningRate: 2e-3 }),
  text("sides", sides, { layers: 4, steps: 300, learningRate: 2e-3 }),
  text("cues", cues, { layers: 4, steps: 900, learningRate: 2e-3 }),
  text("bare lists", bareLists, { layers: 6, steps: 700, learningRate: 1.5e-3 }),
  text("prose", prose, { layers: 6, steps: 200, learningRate: 1e-3 }),
  text("questions", questions, { layers: 6, steps: 800, learningRate: 2e-3 }),
  text("review", review, { layers: 6, steps: 900, learningRate: 1.5e-3, checkpoint: "mini-llama2" }),
  {
    name: "chats",
    example: chat,
    template: "v1",
    layers: 6,
    steps: 60,
    learningRate: 5e-4,
    checkpoint: "mini-vicuna",
  },
];

type Numbers = Pick<Phase, "layers" | "steps" | "learningRate" | "checkpoint">;

function text(name: string, document: Document, numbers: Numbers): Phase {
  const example = (seed: number, index: number): readonly Turn[] => [
    { role: "user", text: "" },
    { role: "assistant", text: document(seed, index) },
  ];
  return { name, example, template: "plain", ...numbers };
}
