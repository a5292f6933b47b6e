/** Text for documents: cues about a scene, a story or a word, with answers or with lists to choose from. */
import type { Random } from "@mlan/core";
import { choose, happens } from "../../packages/data-miniworld/src/choose.ts";
import { asked, learned, times } from "./frame.ts";
import { bareList, tickedList } from "./label-text.ts";
import { OPEN_TOPICS, storyTopic, TOPICS } from "./topics.ts";

/**
 * Draws a context and cues with their answers, without any list. Answers come at once or, with probability `later`,
 * after other text, as after a question. As nothing says which of the two follows, an answer is found where its cue
 * ends, and read from there.
 */
export function answers(random: Random, later: number): string {
  const { context, draw } = choose(random, later > 0 ? [...OPEN_TOPICS, storyTopic, storyTopic] : OPEN_TOPICS)(random);
  const say = choose(random, SAYINGS);
  const lines = times(6, () => {
    const cues = draw();
    const { cue, right } = choose(random, cues);
    const isClear = cues.every((other) => other.cue !== cue || other.right === right) && !NEED_A_LIST.has(cue);
    if (!isClear) return [];
    return [happens(random, later) ? asked(random, cue, right) : say(cue, right)];
  });
  return `${context}${lines.flat().join(choose(random, ["\n", " "]))}`;
}

/** Cues that have a meaning only with a list. */
const NEED_A_LIST: ReadonlySet<string> = new Set(["present", "absent", "a colour", "a shape"]);

const SAYINGS: readonly ((cue: string, right: string) => string)[] = [
  (cue, right) => `${cue}:${learned(` ${right}`)}.`,
  (cue, right) => `${cue}:${learned(` ${right}`)}.`,
  (cue, right) => `${cue} is${learned(` ${right}`)}.`,
  (cue, right) => `Think of ${cue}:${learned(` ${right}`)}.`,
];

/**
 * Draws a context and cues about it, each with a list. A list is bare with probability `bare`; otherwise each of its
 * entries is marked.
 */
export function choices(random: Random, bare: number): string {
  const { context, draw } = choose(random, TOPICS)(random);
  const lists = times(3, () => {
    const cues = draw();
    const cue = choose(random, cues);
    const lead = choose(random, LEADS)(cue.cue);
    if (happens(random, bare)) return `${lead}\n${bareList(random, cue)}`;
    const right = cues.filter((other) => other.cue === cue.cue).map((other) => other.right);
    const isWrong = (entry: string): boolean => !right.includes(entry);
    const tempting = cue.tempting?.filter(isWrong) ?? [];
    const others = cue.others.filter(isWrong);
    const wrong = tempting.length > 0 && happens(random, 0.6) ? [...tempting, choose(random, others)] : others;
    return `${lead}\n${tickedList(random, right, wrong)}`;
  });
  return `${context}${lists.join("\n")}`;
}

const LEADS: readonly ((cue: string) => string)[] = [
  (cue) => cue,
  (cue) => `${cue}?`,
  (cue) => `Think of ${cue}. Choose the best letter:`,
  (cue) => `${cue} is _ . Choose the right letter from the options below:`,
  (cue) => `Which letter is right for ${cue}?`,
  (cue) => `${cue}: choose from these options.`,
];
