import type { Random } from "@mlan/core";
import { choose, happens } from "./choose.ts";
import { letterAt, type Offer, offer } from "./offer.ts";

/** A question with its answer, before it is phrased as an instruction. */
export type Exercise =
  | { readonly kind: "yes-no"; readonly question: string; readonly answer: "yes" | "no" }
  | { readonly kind: "short"; readonly question: string; readonly answer: string }
  | {
      readonly kind: "choice";
      readonly question: string;
      readonly choices: readonly string[];
      /** The letter of the right choice. */
      readonly answer: string;
    };

/** What can be asked about a scene, a story or a word: an answer and wrong ones, and wordings for each form. */
export interface Asked extends Pick<Offer, "right" | "tempting" | "others"> {
  readonly question: string;
  /** Whether the question has one answer without choices. */
  readonly isOpen: boolean;
  /** Asks whether an answer is right. */
  verify(answer: string): string;
}

/** Draws one of three forms: yes/no questions, half of them answered no, short answers, and choices where no short answer suits. */
export function exercise(random: Random, asked: Asked): Exercise {
  const kind = choose(random, FORMS);
  if (kind === "yes-no") {
    const isRight = happens(random, 0.5);
    const answer = isRight ? asked.right : wrongAnswer(random, asked);
    return { kind, question: asked.verify(answer), answer: isRight ? "yes" : "no" };
  }
  if (kind === "short" && asked.isOpen) return { kind, question: asked.question, answer: asked.right };
  const count = 2 + random.below(4);
  const { question, right, tempting = [], others } = asked;
  const isTempting = happens(random, 0.7);
  const choices = offer(random, {
    right,
    tempting: isTempting ? tempting : [],
    others,
    count,
    place: random.below(count),
  });
  return { kind: "choice", question, choices, answer: letterAt(choices.indexOf(right)) };
}

const FORMS = ["yes-no", "short", "choice"] as const;

function wrongAnswer(random: Random, { right, tempting = [], others }: Asked): string {
  const wrong = (answers: readonly string[]): string[] => answers.filter((answer) => answer !== right);
  const first = happens(random, 0.25) ? wrong(tempting) : [];
  return choose(random, first.length > 0 ? first : wrong(others));
}
