/**
 * Chats of several turns about the world, on which mini-vicuna is tuned. Answers are sentences, and no question asks
 * for a form of answer.
 */
import { deriveSeed, type Random, seededRandom, type Turn } from "@mlan/core";
import { caption } from "../../packages/data-miniworld/src/caption.ts";
import { choose } from "../../packages/data-miniworld/src/choose.ts";
import { placeOf } from "../../packages/data-miniworld/src/scene.ts";
import { sketch } from "../../packages/data-miniworld/src/sketch.ts";
import { tellStory } from "../../packages/data-miniworld/src/story.ts";
import { tell, TRAINING_WORDS } from "../../packages/data-miniworld/src/thing.ts";
import { times } from "./frame.ts";
import { trainingScene } from "./scene-text.ts";
import { trainingStory } from "./story-text.ts";

type Exchange = readonly [user: string, assistant: string];

/** Draws a chat of two to five exchanges. */
export function chat(seed: number, index: number): readonly Turn[] {
  const random = seededRandom(deriveSeed(seed, `chat ${index}`));
  const exchanges = [...choose(random, GREETINGS), ...choose(random, TOPICS)(random), ...choose(random, THANKS)];
  return exchanges.flatMap(([user, assistant]): readonly Turn[] => [
    { role: "user", text: user },
    { role: "assistant", text: assistant },
  ]);
}

const GREETINGS: readonly (readonly Exchange[])[] = [
  [],
  [],
  [["Hello!", "Hello! How can I help you?"]],
  [["Good day. Can you help me?", "Yes, with pleasure. What is it about?"]],
];

const THANKS: readonly (readonly Exchange[])[] = [
  [],
  [],
  [["Thank you!", "You are welcome."]],
  [["That was helpful.", "I am glad that I could help."]],
];

const TOPICS: readonly ((random: Random) => readonly Exchange[])[] = [
  aboutScene,
  aboutScene,
  aboutStory,
  aboutStory,
  aboutWords,
];

function aboutScene(random: Random): readonly Exchange[] {
  const scene = trainingScene(random);
  const first: Exchange = [
    `${sketch(scene)}\n${choose(random, ["What is this about?", "Tell me about it."])}`,
    caption(random, scene),
  ];
  const more = times(1 + random.below(2), (): Exchange => {
    const thing = choose(random, scene);
    const name = `the ${thing.color} ${thing.shape}`;
    return [`And where is ${name}?`, `You see ${name} at the ${placeOf(thing.cell)}.`];
  });
  return [first, ...more];
}

function aboutStory(random: Random): readonly Exchange[] {
  const story = trainingStory(random);
  const more = times(1 + random.below(2), (): Exchange => {
    const { name, deed, thing } = choose(random, story);
    return [`Tell me more about ${name}.`, `${name} ${deed.past} ${tell(thing)}.`];
  });
  return [
    [`I know a story. ${tellStory(random, story)}`, `A story about ${story.map(({ name }) => name).join(" and ")}.`],
    ...more,
  ];
}

function aboutWords(random: Random): readonly Exchange[] {
  return times(2, (): Exchange => {
    const thing = choose(random, TRAINING_WORDS);
    const word = thing.color + thing.shape;
    return [`I do not know the word ${word}.`, `One says ${word} for ${tell(thing)}.`];
  });
}
