import { type Random, seededRandom } from "@mlan/core";
import { caption } from "./caption.ts";
import { choose, chooseSeveral, happens } from "./choose.ts";
import { type Asked, exercise } from "./exercise.ts";
import { askForFact } from "./fact-exercise.ts";
import { instruct } from "./instruction.ts";
import { randomScene, type Scene, sceneKey } from "./scene.ts";
import { askAboutScene } from "./scene-exercise.ts";
import { sketch } from "./sketch.ts";
import { drawFrom } from "./split.ts";
import { randomStory, type Story, storyKey, tellStory, TRAINING_DEEDS, TRAINING_NAMES } from "./story.ts";
import { askAboutStory } from "./story-exercise.ts";

/** A record of LLaVA's tuning format; `image` is a path relative to the image folder. */
interface TuningRow {
  readonly id: string;
  readonly image?: string;
  readonly conversations: readonly { readonly from: "human" | "gpt"; readonly value: string }[];
}

/** A tuning record, with the scene of its image if it has one. */
export interface TuningItem {
  readonly row: TuningRow;
  readonly scene?: Scene;
}

/** Draws two to four instructions about one text instead of an image (a sketch, a caption or a story), or about words. */
export function languageItem(seed: number, id: string): TuningItem {
  const random = seededRandom(seed);
  const kind = choose(random, CONTEXTS);
  if (kind === "none") return { row: conversation(random, { id, context: "", ask: () => askForFact(random) }) };
  if (kind === "story") {
    const story = drawFrom("training", () => trainingStory(random), storyKey);
    const context = `Context: ${tellStory(random, story)}\n`;
    return { row: conversation(random, { id, context, ask: () => askAboutStory(random, story) }) };
  }
  const scene = trainingScene(random);
  const isPlaced = kind === "sketch";
  const context = isPlaced ? `${sketch(scene)}\n` : `Context: ${caption(random, scene)}\n`;
  return { row: conversation(random, { id, context, ask: () => askAboutScene(random, scene, { isPlaced }) }) };
}

const CONTEXTS = [...Array<"story">(4).fill("story"), ...Array<"sketch">(4).fill("sketch"), "caption", "none"] as const;

/** Every third story is told by four to six people. */
function trainingStory(random: Random): Story {
  const names = chooseSeveral(random, TRAINING_NAMES, TRAINING_NAMES.length);
  const first = randomStory(random, names.slice(0, 3), TRAINING_DEEDS);
  if (!happens(random, 0.33)) return first;
  const rest = randomStory(random, names.slice(3), TRAINING_DEEDS);
  return [...first, ...rest.filter(({ thing }) => !first.some((event) => event.thing === thing))];
}

/** Draws two to four instructions on an image. */
export function visionItem(seed: number, id: string): TuningItem {
  const random = seededRandom(seed);
  const scene = trainingScene(random);
  const ask = (): Asked => askAboutScene(random, scene, { isPlaced: true });
  const row = conversation(random, { id, context: "<image>\n", ask });
  return { row: { ...row, image: `${id}.png` }, scene };
}

function trainingScene(random: Random): Scene {
  return drawFrom("training", () => randomScene(random), sceneKey);
}

interface ConversationParts {
  readonly id: string;
  readonly context: string;
  ask(): Asked;
}

function conversation(random: Random, { id, context, ask }: ConversationParts): TuningRow {
  const conversations = Array.from({ length: 2 + random.below(3) }, (_, turn) => {
    const { request, answer } = instruct(random, exercise(random, ask()));
    const human = turn === 0 ? `${context}${request}` : request;
    return [
      { from: "human" as const, value: human },
      { from: "gpt" as const, value: answer },
    ];
  });
  return { id, conversations: conversations.flat() };
}
