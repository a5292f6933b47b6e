/** The text that the mini backbones are pretrained on: what the world's people write down, without any instruction. */
import { deriveSeed, type Random, seededRandom } from "@mlan/core";
import { caption } from "../src/caption.ts";
import { choose, happens } from "../src/choose.ts";
import { wrongThing } from "../src/exercise.ts";
import { randomScene, type Scene, sceneKey } from "../src/scene.ts";
import { sketch } from "../src/sketch.ts";
import { drawFrom } from "../src/split.ts";
import {
  BENCHMARK_DEEDS,
  BENCHMARK_NAMES,
  randomStory,
  type Story,
  storyKey,
  tellStory,
  TRAINING_DEEDS,
  TRAINING_NAMES,
} from "../src/story.ts";
import { absentThing, confusableThing, tell } from "../src/thing.ts";

/** Document `index` of the corpus of a seed. */
export function document(seed: number, index: number): string {
  const random = seededRandom(deriveSeed(seed, `document ${index}`));
  return happens(random, 0.7) ? sceneDocument(random) : storyDocument(random);
}

const NAMES = [...TRAINING_NAMES, ...BENCHMARK_NAMES];
const DEEDS = [...TRAINING_DEEDS, ...BENCHMARK_DEEDS];
const NUMBERS = ["none", "one", "two", "three", "four"];

function sceneDocument(random: Random): string {
  const scene = drawFrom("training", () => randomScene(random), sceneKey);
  const start = choose(random, [sketch, sketch, sketch, (it: Scene) => caption(random, it)])(scene);
  const separator = choose(random, ["\n", " ", " \n"]);
  const first = happens(random, 0.5) ? caption(random, scene) : sceneRemark(random, scene);
  const remarks = Array.from({ length: 5 + random.below(4) }, () => sceneRemark(random, scene));
  return `${happens(random, 0.2) ? " " : ""}${start}${separator}${[first, ...remarks].join(choose(random, [" ", "\n"]))}\n`;
}

function sceneRemark(random: Random, scene: Scene): string {
  const kind = choose(random, ["word", "word", "judge", "judge", "judge", "judge", "shape", "colour", "number"] as const);
  const thing = choose(random, scene);
  const hasTwin = (key: "colour" | "shape"): boolean => scene.filter((other) => other[key] === thing[key]).length > 1;
  if (kind === "shape" && !hasTwin("colour")) return `The ${thing.colour} one: ${thing.shape}.`;
  if (kind === "colour" && !hasTwin("shape")) return `The ${thing.shape}: ${thing.colour}.`;
  if (kind === "number") return `In all: ${NUMBERS[scene.length]}.`;
  const holds = happens(random, 0.6);
  const asked = holds ? thing : ((happens(random, 0.5) ? confusableThing(random, scene) : undefined) ?? absentThing(random, scene));
  if (kind === "word") return judge(random, asked.colour + asked.shape, holds);
  return judge(random, choose(random, CLAIMS)(tell(asked)), holds);
}

const CLAIMS: readonly ((thing: string) => string)[] = [
  (thing) => thing,
  (thing) => `It has ${thing}`,
  (thing) => `${thing} is there`,
  (thing) => `One finds ${thing}`,
  (thing) => `To be seen: ${thing}`,
];

function storyDocument(random: Random): string {
  const story = drawFrom("training", () => randomStory(random, NAMES, DEEDS), storyKey);
  const remarks = Array.from({ length: 5 + random.below(4) }, () => storyRemark(random, story));
  return `${tellStory(random, story)}${choose(random, ["\n", " "])}${remarks.join(choose(random, [" ", "\n"]))}\n`;
}

function storyRemark(random: Random, story: Story): string {
  const event = choose(random, story);
  const name = happens(random, 0.4) ? event.name.toLowerCase() : event.name;
  if (happens(random, 0.2)) return `${tell(event.thing)}: ${name}.`;
  if (happens(random, 0.2)) return `${name}: ${tell(event.thing)}.`;
  const holds = happens(random, 0.5);
  const thing = holds ? event.thing : wrongThing(random, story.map((other) => other.thing), event.thing);
  return judge(random, `${name} did ${event.deed.infinitive} ${tell(thing)}`, holds);
}

function judge(random: Random, claim: string, holds: boolean): string {
  return `${claim}: ${choose(random, VERDICTS)[holds ? 0 : 1]}.`;
}

const VERDICTS = [
  ["true", "false"],
  ["right", "wrong"],
] as const;
