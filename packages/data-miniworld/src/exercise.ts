import type { Random } from "@mlan/core";
import { choose, chooseSeveral, happens } from "./choose.ts";
import type { Scene } from "./scene.ts";
import type { Story } from "./story.ts";
import { absentThing, confusableThing, tell, type Thing, THINGS } from "./thing.ts";

/** A question about a scene or a story with its answer, before it is phrased as an instruction. */
export type Exercise =
  | { readonly kind: "yes-no"; readonly question: string; readonly answer: "yes" | "no" }
  | { readonly kind: "short"; readonly question: string; readonly answer: string }
  | {
      readonly kind: "choice";
      readonly question: string;
      readonly choices: readonly string[];
      readonly answer: string;
    };

/** Draws an exercise about a scene. Three in five are yes/no questions, half of them with the answer no. */
export function sceneExercise(random: Random, scene: Scene): Exercise {
  const kind = choose(random, ["yes-no", "yes-no", "yes-no", "short", "choice"] as const);
  if (kind === "yes-no") return askForThing(random, scene);
  return kind === "short" ? askForAttribute(random, scene) : askToChoose(random, scene);
}

/** Draws an exercise about a story. Three in five are yes/no questions, half of them with the answer no. */
export function storyExercise(random: Random, story: Story): Exercise {
  const event = choose(random, story);
  const kind = choose(random, ["yes-no", "yes-no", "yes-no", "who", "what"] as const);
  if (kind === "who")
    return { kind: "short", question: `Who ${event.deed.past} ${tell(event.thing)}?`, answer: event.name };
  if (kind === "what") {
    return { kind: "short", question: `What did ${event.name} ${event.deed.infinitive}?`, answer: tell(event.thing) };
  }
  const answer = happens(random, 0.5) ? "yes" : "no";
  const thing =
    answer === "yes"
      ? event.thing
      : wrongThing(
          random,
          story.map((other) => other.thing),
          event.thing,
        );
  return { kind: "yes-no", question: `Did ${event.name} ${event.deed.infinitive} ${tell(thing)}?`, answer };
}

/** Draws a wrong thing: with probability 1/7 another person's thing, with 1/7 a confusable one, otherwise an absent one. */
export function wrongThing(random: Random, present: readonly Thing[], right: Thing): Thing {
  const kind = random.below(7);
  const others = present.filter((thing) => thing !== right);
  if (kind === 0 && others.length > 0) return choose(random, others);
  return (kind === 1 ? confusableThing(random, present) : undefined) ?? absentThing(random, present);
}

function askForThing(random: Random, scene: Scene): Exercise {
  const answer = happens(random, 0.5) ? "yes" : "no";
  const thing =
    answer === "yes"
      ? choose(random, scene)
      : ((happens(random, 0.6) ? confusableThing(random, scene) : undefined) ?? absentThing(random, scene));
  return { kind: "yes-no", question: choose(random, THING_QUESTIONS)(tell(thing)), answer };
}

const THING_QUESTIONS: readonly ((thing: string) => string)[] = [
  (thing) => `Can you find ${thing} here?`,
  (thing) => `Does the scene contain ${thing}?`,
  (thing) => `Do you see ${thing}?`,
  (thing) => `Does it show ${thing}?`,
  (thing) => `Can ${thing} be seen?`,
];

function askForAttribute(random: Random, scene: Scene): Exercise {
  const thing = choose(random, scene);
  const hasTwin = (key: "colour" | "shape"): boolean => scene.filter((other) => other[key] === thing[key]).length > 1;
  if (happens(random, 0.4) && !hasTwin("shape")) {
    return { kind: "short", question: `What colour is the ${thing.shape}?`, answer: thing.colour };
  }
  if (happens(random, 0.6) && !hasTwin("colour")) {
    return { kind: "short", question: `What shape is the ${thing.colour} thing?`, answer: thing.shape };
  }
  return { kind: "short", question: "How many things do you see?", answer: NUMBERS[scene.length] ?? "many" };
}

const NUMBERS = ["none", "one", "two", "three", "four"];

function askToChoose(random: Random, scene: Scene): Exercise {
  const right = choose(random, scene);
  const wrong = chooseSeveral(random, THINGS, 12).filter(
    (thing) => !scene.some((other) => tell(other) === tell(thing)),
  );
  const choices = chooseSeveral(random, [right, ...wrong.slice(0, 2)], 3).map(tell);
  const answer = "ABC".charAt(choices.indexOf(tell(right)));
  return { kind: "choice", question: "Which of these can be seen?", choices, answer };
}
