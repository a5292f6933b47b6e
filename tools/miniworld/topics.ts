/** Contexts for documents (scenes, stories, words), and the cues about them with right and wrong answers. */
import type { Random } from "@mlan/core";
import { caption } from "../../packages/data-miniworld/src/caption.ts";
import { choose, chooseSeveral, happens } from "../../packages/data-miniworld/src/choose.ts";
import type { Offer } from "../../packages/data-miniworld/src/offer.ts";
import { placeOf, PLACES, type Scene } from "../../packages/data-miniworld/src/scene.ts";
import { sketch } from "../../packages/data-miniworld/src/sketch.ts";
import { wrongThing } from "../../packages/data-miniworld/src/story-exercise.ts";
import { type Story, type StoryEvent, tellStory } from "../../packages/data-miniworld/src/story.ts";
import {
  COLORS,
  definiteName,
  SHAPES,
  tell,
  THINGS,
  TRAINING_COLORS,
  TRAINING_SHAPES,
  TRAINING_WORDS,
} from "../../packages/data-miniworld/src/thing.ts";
import { times } from "./frame.ts";
import { AXES, brief, relationQuestion, relationWord, trainingScene } from "./scene-text.ts";
import { longStory, NAMES, trainingStory } from "./story-text.ts";

/** A cue with its answer, and wrong answers to offer. */
interface Cue extends Pick<Offer, "right" | "tempting" | "others"> {
  readonly cue: string;
}

/**
 * A context, and a function that draws cues about it, all with one kind of answer. Draws none if the kind does not suit
 * the context.
 */
interface Topic {
  readonly context: string;
  draw(): readonly Cue[];
}

/** The topics of lists. Repeated ones are drawn more often. */
export const TOPICS: readonly ((random: Random) => Topic)[] = [
  claimTopic,
  claimTopic,
  sceneTopic,
  sceneTopic,
  sceneTopic,
  wordTopic,
  wordTopic,
  storyTopic,
];

/** The topics whose cues have one answer even without a list. */
export const OPEN_TOPICS = [sceneTopic, sceneTopic, sceneTopic, sceneTopic, wordTopic];

/** Asks which of several claims is true. Each wrong claim differs from a true one in a single word or thing. */
function claimTopic(random: Random): Topic {
  const story = happens(random, 0.3) ? longStory(random) : trainingStory(random);
  const things = story.map(({ thing }) => thing);
  const say = ({ name, deed, thing }: StoryEvent): string => `${name} ${deed.past} ${tell(thing)}`;
  const wrongOf = (event: StoryEvent): string => say({ ...event, thing: wrongThing(random, things, event.thing) });
  const draw = (): readonly Cue[] => {
    const cue = choose(random, ["right", "What is right", "What happened", "This was told"]);
    return story.map((event) => ({
      cue,
      right: say(event),
      tempting: happens(random, 0.5) ? times(5, () => wrongOf(event)) : [],
      others: times(8, () => wrongOf(choose(random, story))),
    }));
  };
  return { context: `${tellStory(random, story)}\n`, draw };
}

/** Draws a story, and asks who did something, or what somebody did it to. */
export function storyTopic(random: Random): Topic {
  const story = happens(random, 0.3) ? longStory(random) : trainingStory(random);
  return {
    context: `${tellStory(random, story)}\n`,
    draw: () => choose(random, STORY_CUES)(random, story),
  };
}

const STORY_CUES: readonly ((random: Random, story: Story) => readonly Cue[])[] = [
  (random, story) => {
    const style = choose(random, [
      (name: string) => name,
      (name: string, past: string) => `${name} ${past}`,
      (name: string, _: string, infinitive: string) => `What ${name} did ${infinitive}`,
    ]);
    return story.map(({ name, deed, thing }) => ({
      cue: style(name, deed.past, deed.infinitive),
      right: tell(thing),
      tempting: happens(random, 0.5) ? story.map((other) => tell(other.thing)) : [],
      others: THINGS.map(tell),
    }));
  },
  (random, story) => {
    const style = choose(random, [
      (thing: string) => thing,
      (thing: string, past: string) => `Who ${past} ${thing}`,
      (thing: string, _: string, participle: string) => `${thing} was ${participle} by`,
    ]);
    return story.map(({ name, deed, thing }) => ({
      cue: style(tell(thing), deed.past, deed.participle),
      right: name,
      tempting: story.map((other) => other.name),
      others: NAMES,
    }));
  },
];

function sceneTopic(random: Random): Topic {
  const scene = trainingScene(random);
  const isPlaced = happens(random, 0.6);
  const describe = isPlaced ? sketch : choose(random, [brief, (it: Scene) => caption(random, it)]);
  const kinds = isPlaced && happens(random, 0.45) ? PLACE_CUES : SCENE_CUES;
  return {
    context: `${describe(scene)}\n`,
    draw: () => drawCues(random, scene, kinds),
  };
}

function drawCues(random: Random, scene: Scene, kinds: typeof SCENE_CUES): readonly Cue[] {
  for (;;) {
    const cues = choose(random, kinds)(random, scene);
    if (cues.length > 0) return cues;
  }
}

const SCENE_CUES: readonly ((random: Random, scene: Scene) => readonly Cue[])[] = [
  (random, scene) =>
    single(scene, "shape").map(({ color, shape }) => ({
      cue: choose(random, [shape, `the ${shape}`, `The colour of the ${shape}`]),
      right: color,
      tempting: scene.map((other) => other.color),
      others: COLORS,
    })),
  (random, scene) =>
    single(scene, "color").map(({ color, shape }) => ({
      cue: choose(random, [color, `the ${color} one`, `The shape of the ${color} one`]),
      right: shape,
      tempting: scene.map((other) => other.shape),
      others: SHAPES,
    })),
  (random, scene) => [
    {
      cue: choose(random, ["In all", "things", "The number of things"]),
      right: NUMBERS[scene.length] ?? "",
      others: NUMBERS.slice(1),
    },
  ],
  (_, scene) => {
    const absent = THINGS.map(tell).filter((thing) => !scene.some((other) => tell(other) === thing));
    return scene.map((thing) => ({
      cue: "present",
      right: tell(thing),
      others: absent,
    }));
  },
  (random, scene) => {
    const absent = THINGS.filter((thing) => !scene.some((other) => tell(other) === tell(thing)));
    if (scene.length < 2) return [];
    return [
      {
        cue: "absent",
        right: tell(choose(random, absent)),
        others: scene.map(tell),
      },
    ];
  },
];

const PLACE_CUES: typeof SCENE_CUES = [
  (random, scene) => relations(random, scene),
  (random, scene) => relations(random, scene),
  (random, scene) =>
    scene.map((thing) => ({
      cue: choose(random, [tell, definiteName])(thing),
      right: placeOf(thing.cell),
      tempting: scene.map(({ cell }) => placeOf(cell)),
      others: PLACES,
    })),
  (_, scene) =>
    scene
      .filter(({ cell }) => scene.filter((other) => placeOf(other.cell) === placeOf(cell)).length === 1)
      .map((thing) => ({
        cue: placeOf(thing.cell),
        right: tell(thing),
        tempting: scene.map(tell),
        others: THINGS.map(tell),
      })),
];

/** Returns the positions of each thing relative to each other one, to the left or right, or above or below. */
function relations(random: Random, scene: Scene): readonly Cue[] {
  const axis = choose(random, AXES);
  return scene.flatMap((one) =>
    scene
      .filter((other) => axis.orderOf(one) !== axis.orderOf(other))
      .map((other) => ({
        cue: relationQuestion(axis, definiteName(one), definiteName(other)),
        right: relationWord(axis, one, other),
        others: axis.words,
      })),
  );
}

function wordTopic(random: Random): Topic {
  return { context: "", draw: () => choose(random, WORD_CUES)(random) };
}

const WORD_CUES: readonly ((random: Random) => readonly Cue[])[] = [
  (random) =>
    chooseSeveral(random, TRAINING_WORDS, 4).map((thing) => ({
      cue: thing.color + thing.shape,
      right: tell(thing),
      others: THINGS.map(tell),
    })),
  (random) =>
    chooseSeveral(random, TRAINING_WORDS, 4).map((thing) => ({
      cue: tell(thing),
      right: thing.color + thing.shape,
      others: TRAINING_WORDS.map(({ color, shape }) => color + shape),
    })),
  (random) =>
    chooseSeveral(random, TRAINING_WORDS, 4).map(({ color, shape }) => ({
      cue: `the colour in ${color}${shape}`,
      right: color,
      others: COLORS,
    })),
  (random) =>
    chooseSeveral(random, TRAINING_WORDS, 4).map(({ color, shape }) => ({
      cue: `the shape in ${color}${shape}`,
      right: shape,
      others: SHAPES,
    })),
  (random) => [
    {
      cue: "a colour",
      right: choose(random, TRAINING_COLORS),
      others: [...TRAINING_SHAPES, ...NAMES],
    },
  ],
  (random) => [
    {
      cue: "a shape",
      right: choose(random, TRAINING_SHAPES),
      others: [...TRAINING_COLORS, ...NAMES],
    },
  ],
];

function single(scene: Scene, key: "color" | "shape"): Scene {
  return scene.filter((thing) => scene.filter((other) => other[key] === thing[key]).length === 1);
}

const NUMBERS = ["none", "one", "two", "three", "four", "five"];
