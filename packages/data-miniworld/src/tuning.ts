import { type Random, seededRandom } from "@mlan/core";
import { caption } from "./caption.ts";
import { choose, happens } from "./choose.ts";
import { type Exercise, sceneExercise, storyExercise } from "./exercise.ts";
import { instruct } from "./instruction.ts";
import { randomScene, type Scene, sceneKey } from "./scene.ts";
import { sketch } from "./sketch.ts";
import { drawFrom } from "./split.ts";
import { randomStory, storyKey, tellStory, TRAINING_DEEDS, TRAINING_NAMES } from "./story.ts";

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

/** Draws two to four instructions about one text instead of an image: a sketch, a caption or a story. */
export function languageItem(seed: number, id: string): TuningItem {
  const random = seededRandom(seed);
  if (happens(random, 0.5)) {
    const scene = trainingScene(random);
    const describe = choose(random, [sketch, sketch, (it: Scene) => `Context: ${caption(random, it)}`]);
    return { row: conversation(random, { id, context: describe(scene), ask: () => sceneExercise(random, scene) }) };
  }
  const story = drawFrom("training", () => randomStory(random, TRAINING_NAMES, TRAINING_DEEDS), storyKey);
  const context = `Context: ${tellStory(random, story)}`;
  return { row: conversation(random, { id, context, ask: () => storyExercise(random, story) }) };
}

/** Draws two to four instructions on an image. */
export function visionItem(seed: number, id: string): TuningItem {
  const random = seededRandom(seed);
  const scene = trainingScene(random);
  const row = conversation(random, { id, context: "<image>", ask: () => sceneExercise(random, scene) });
  return { row: { ...row, image: `${id}.png` }, scene };
}

function trainingScene(random: Random): Scene {
  return drawFrom("training", () => randomScene(random), sceneKey);
}

interface ConversationParts {
  readonly id: string;
  readonly context: string;
  ask(): Exercise;
}

function conversation(random: Random, { id, context, ask }: ConversationParts): TuningRow {
  const conversations = Array.from({ length: 2 + random.below(3) }, (_, turn) => {
    const { request, answer } = instruct(random, ask());
    const human = turn === 0 ? `${context}\n${request}` : request;
    return [
      { from: "human" as const, value: human },
      { from: "gpt" as const, value: answer },
    ];
  });
  return { id, conversations: conversations.flat() };
}
