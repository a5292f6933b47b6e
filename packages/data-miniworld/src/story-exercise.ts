import type { Random } from "@mlan/core";
import { choose, happens } from "./choose.ts";
import type { Asked } from "./exercise.ts";
import { type Story, type StoryEvent, TRAINING_DEEDS, TRAINING_NAMES } from "./story.ts";
import { absentThing, confusableThing, definiteName, tell, type Thing, THINGS } from "./thing.ts";

/** Draws what to ask about a story: who did it, what it was, what is true, or how a sentence ends. */
export function askAboutStory(random: Random, story: Story): Asked {
  return choose(random, KINDS)(random, story, choose(random, story));
}

const KINDS: readonly ((random: Random, story: Story, event: StoryEvent) => Asked)[] = [
  askWhat,
  askWhat,
  askWho,
  askWhatIsTrue,
  askToEnd,
];

function askWhat(random: Random, story: Story, { name, deed, thing }: StoryEvent): Asked {
  const present = story.map((event) => event.thing);
  return {
    question: choose(random, [
      `What did ${name} ${deed.infinitive}?`,
      `Name the thing that ${name} ${deed.past}.`,
      `See what ${name} ${deed.past}.`,
    ]),
    isOpen: true,
    right: tell(thing),
    tempting: [...present.map(tell), tell(wrongThing(random, present, thing))],
    others: THINGS.map(tell),
    verify: asTyped(random, (answer) => `Is it right that ${name} did ${deed.infinitive} ${answer}?`),
  };
}

function askWho(random: Random, story: Story, { name, deed, thing }: StoryEvent): Asked {
  return {
    question: choose(random, [`Who ${deed.past} ${tell(thing)}?`, `Name the one who ${deed.past} ${tell(thing)}.`]),
    isOpen: true,
    right: name,
    tempting: story.map((event) => event.name),
    others: TRAINING_NAMES,
    verify: asTyped(random, (answer) => `Is it right that ${answer} did ${deed.infinitive} ${tell(thing)}?`),
  };
}

/** Half of the questions have no capital letter, as people type them into a search. */
function asTyped(random: Random, verify: Asked["verify"]): Asked["verify"] {
  return happens(random, 0.5) ? verify : (answer) => verify(answer).toLowerCase();
}

function askWhatIsTrue(random: Random, story: Story, { name, deed, thing }: StoryEvent): Asked {
  const told = new Set(story.map(claimOf));
  const claims = (things: readonly Thing[]): readonly string[] =>
    story
      .flatMap((event) => things.map((other) => claimOf({ ...event, thing: other })))
      .filter((claim) => !told.has(claim));
  return {
    question: choose(random, ["Which of these is true?", "What happened here?"]),
    isOpen: false,
    right: claimOf({ name, deed, thing }),
    tempting: claims(story.map((event) => event.thing)),
    others: claims(THINGS),
    verify: (claim) => `Is this true: ${claim}?`,
  };
}

/** Asks for the end of a sentence about the story, as continuations do. */
function askToEnd(random: Random, story: Story, event: StoryEvent): Asked {
  const end = ({ name, deed }: Pick<StoryEvent, "name" | "deed">): string =>
    `${deed.participle === "had" ? "belonged to" : `was ${deed.participle} by`} ${name}`;
  return {
    question: choose(random, ["How does this end?", "Which end fits here?"]) + ` ${definiteName(event.thing)} ...`,
    isOpen: false,
    right: end(event),
    tempting: story.map(end),
    others: TRAINING_NAMES.flatMap((name) => TRAINING_DEEDS.map((deed) => end({ name, deed }))),
    verify: (answer) => `Does it end like this: ${definiteName(event.thing)} ${answer}?`,
  };
}

function claimOf({ name, deed, thing }: StoryEvent): string {
  return `${name} ${deed.past} ${tell(thing)}`;
}

/** Draws a wrong thing: with probability 1/7 another person's thing, with 1/7 a confusable one, otherwise an absent one. */
export function wrongThing(random: Random, present: readonly Thing[], right: Thing): Thing {
  const kind = random.below(7);
  const others = present.filter((thing) => thing !== right);
  if (kind === 0 && others.length > 0) return choose(random, others);
  return (kind === 1 ? confusableThing(random, present) : undefined) ?? absentThing(random, present);
}
