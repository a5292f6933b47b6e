import type { Question } from "@mlan/core";
import { saysYesOrNo } from "../answers/paper-answers.ts";
import type { VisionWords } from "./vision-task.ts";

/** A question that asks for a short answer, in the words of the original vision tasks. */
export function shortAnswerWords(question: string): VisionWords {
  const asked = `Please provide a short answer to the question: ${question}`;
  return {
    tuned: { user: asked, answerStart: BEST },
    "llama2-base": { user: `Question: ${asked}`, answerStart: BEST },
    "vicuna-base": { user: question, answerStart: BEST },
  };
}

/**
 * A question without choices as the original vision tasks ask it: with "yes" or "no" when the published answer contains one
 * of them, as "north" does; in capitals too for tuned models.
 */
export function openWords({ question, target }: { readonly question: string } & Pick<Question, "target">): VisionWords {
  const request = 'Please answer the question with "yes" or "no".';
  const short = shortAnswerWords(question);
  return {
    tuned: saysYesOrNo(target.toLowerCase()) ? { user: `${request} ${question}`, answerStart: BEST } : short.tuned,
    ...(saysYesOrNo(target)
      ? {
          "llama2-base": { user: `Question: ${question} ${request}`, answerStart: BEST },
          "vicuna-base": { user: `${question} ${request}`, answerStart: BEST },
        }
      : { "llama2-base": short["llama2-base"], "vicuna-base": short["vicuna-base"] }),
  };
}

const BEST = 'The best answer is "';
