import type { Question } from "@mlan/core";
import { saysYesOrNo } from "../answers/paper-answers.ts";
import type { VisionWords } from "./vision-task.ts";

/** Returns the texts of a question that asks for a short answer, as in the original vision tasks. */
export function shortAnswerWords(question: string): VisionWords {
  const asked = `Please provide a short answer to the question: ${question}`;
  return {
    tuned: { user: asked, answerStart: BEST },
    "llama2-base": { user: `Question: ${asked}`, answerStart: BEST },
    "vicuna-base": { user: question, answerStart: BEST },
  };
}

/**
 * Returns the texts of a question without choices, as in the original vision tasks. If the target contains "yes" or
 * "no", as "north" does, the texts ask for one of these words. For tuned models, the letter case of the target does not
 * matter.
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
