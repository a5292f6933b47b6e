import type { Random } from "@mlan/core";
import { choose } from "./choose.ts";
import type { Asked } from "./exercise.ts";
import { TRAINING_DEEDS, TRAINING_NAMES } from "./story.ts";
import { COLORS, SHAPES } from "./thing.ts";

/**
 * Draws what to ask about words without any context: opposites, the order of numbers, forms of verbs, and names. The
 * benchmarks ask what the words of sketches mean and which words are colors or shapes, which is never asked here.
 */
export function askForFact(random: Random): Asked {
  return choose(random, KINDS)(random);
}

const KINDS: readonly ((random: Random) => Asked)[] = [askForOpposite, askForNextNumber, askForVerb, askForName];

const OPPOSITES = ["left", "right", "top", "bottom", "high", "low", "yes", "no", "true", "false"] as const;

function askForOpposite(random: Random): Asked {
  const at = random.below(OPPOSITES.length);
  const word = OPPOSITES[at] ?? "";
  return {
    question: `What is the opposite of ${word}?`,
    isOpen: true,
    right: OPPOSITES[at % 2 === 0 ? at + 1 : at - 1] ?? "",
    others: OPPOSITES.filter((other) => other !== word),
    verify: (answer) => `Are ${word} and ${answer} opposites?`,
  };
}

const NUMBERS = ["one", "two", "three", "four", "five", "six"] as const;

function askForNextNumber(random: Random): Asked {
  const at = random.below(NUMBERS.length - 1);
  const [number = "", next = ""] = NUMBERS.slice(at, at + 2);
  return {
    question: `Which number comes after ${number}?`,
    isOpen: true,
    right: next,
    others: NUMBERS.filter((other) => other !== number),
    verify: (answer) => `Does ${answer} come after ${number}?`,
  };
}

function askForVerb(random: Random): Asked {
  const { past, infinitive } = choose(random, TRAINING_DEEDS);
  return {
    question: `Which verb does ${past} belong to?`,
    isOpen: true,
    right: infinitive,
    others: TRAINING_DEEDS.map((deed) => deed.infinitive),
    verify: (answer) => `Does ${past} belong to ${answer}?`,
  };
}

function askForName(random: Random): Asked {
  return {
    question: "Which of these could be a person?",
    isOpen: false,
    right: choose(random, TRAINING_NAMES),
    others: [...COLORS, ...SHAPES],
    verify: (answer) => `Could ${answer} be a person?`,
  };
}
