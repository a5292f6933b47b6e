import { seededRandom } from "@mlan/core";
import { caption } from "./caption.ts";
import { choose, happens } from "./choose.ts";
import { type Exercise, sceneExercise, storyExercise } from "./exercise.ts";
import { instruct } from "./instruction.ts";
import { randomScene, type Scene, sceneKey } from "./scene.ts";
import { sketch } from "./sketch.ts";
import { drawFrom } from "./split.ts";
import { randomStory, storyKey, tellStory, TRAINING_DEEDS, TRAINING_NAMES } from "./story.ts";

/** A record of LLaVA's tuning format; `image` is a path below the image folder. */
export interface TuningRow {
  readonly id: string;
  readonly image?: string;
  readonly conversations: readonly { readonly from: "human" | "gpt"; readonly value: string }[];
}

/** A tuning record with the scene that its image shows, when it has one. */
export interface TuningItem {
  readonly row: TuningRow;
  readonly scene?: Scene;
}

/** Instructions over text: a sketch, a description or a story stands where an image would stand. */
export function languageItem(seed: number, id: string): TuningItem {
  const random = seededRandom(seed);
  const { context, exercise } = happens(random, 0.6) ? aboutScene() : aboutStory();
  const { request, answer } = instruct(random, exercise);
  return { row: conversation(id, `${context}\n${request}`, answer) };

  function aboutScene(): { context: string; exercise: Exercise } {
    const scene = trainingScene(random);
    const context = choose(random, [sketch, sketch, (it: Scene) => `Context: ${caption(random, it)}`])(scene);
    return { context, exercise: sceneExercise(random, scene) };
  }
  function aboutStory(): { context: string; exercise: Exercise } {
    const story = drawFrom("training", () => randomStory(random, TRAINING_NAMES, TRAINING_DEEDS), storyKey);
    return { context: `Context: ${tellStory(random, story)}`, exercise: storyExercise(random, story) };
  }
}

/** Instructions over an image. */
export function visionItem(seed: number, id: string): TuningItem {
  const random = seededRandom(seed);
  const scene = trainingScene(random);
  const { request, answer } = instruct(random, sceneExercise(random, scene));
  return { row: { ...conversation(id, `<image>\n${request}`, answer), image: `${id}.png` }, scene };
}

function trainingScene(random: ReturnType<typeof seededRandom>): Scene {
  return drawFrom("training", () => randomScene(random), sceneKey);
}

function conversation(id: string, human: string, gpt: string): TuningRow {
  return {
    id,
    conversations: [
      { from: "human", value: human },
      { from: "gpt", value: gpt },
    ],
  };
}
