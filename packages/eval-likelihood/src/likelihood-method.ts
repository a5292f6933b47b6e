import {
  type ChoiceScore,
  type GenerationOptions,
  type Metric,
  MlanError,
  type Protocol,
  type Score,
  type ScoreRequest,
} from "@mlan/core";
import { type AskedQuestion, type EvaluationMethod, type NewAnswer, outcomeOf, type Scoring } from "@mlan/eval-kit";
import { withoutChoices } from "./check-choices.ts";
import { likeliest, likeliestChoice, outcomeBy, perCharacter, perToken, type Ranking, summed } from "./likeliest.ts";

/** Number of questions per call. Answers are stored after each call. */
const QUESTIONS_PER_CALL = 32;

/** Returns the method that ranks the choices of each question by their likelihood. */
export function likelihoodMethod(continuation: "label" | "text", options: GenerationOptions): EvaluationMethod {
  return {
    name: "likelihood",
    settings: { continuation },
    check(run, { offersChoices }) {
      if (!offersChoices) throw withoutChoices(run);
    },
    extractor: () => likeliestChoice,
    async *ask({ model, signal }, protocol, chunk) {
      for (let start = 0; start < chunk.length; start += QUESTIONS_PER_CALL) {
        const part = chunk
          .slice(start, start + QUESTIONS_PER_CALL)
          .map((asked) => requestsOf(protocol, asked, continuation));
        const requests = part.flatMap((question) => question.requests);
        // A prompt that is too long loses its beginning, as in other evaluation harnesses.
        const how = { longPrompts: "truncate", ...options, ...(signal && { signal }) } as const;
        const scores = await model.score(requests, how);
        let next = 0;
        for (const question of part) {
          yield answerOf(question, scores.slice(next, (next += question.requests.length)));
        }
      }
    },
    scorings: ({ metrics }) => [
      { metrics, outcome: outcomeOf },
      normalized(metrics, "per_token", perToken),
      normalized(metrics, "per_character", perCharacter),
    ],
  };
}

interface RankedQuestion {
  readonly id: string;
  readonly choices: ReturnType<Protocol["choices"]>;
  /** One request per choice, in the order of the choices. */
  readonly requests: readonly ScoreRequest[];
}

function requestsOf(
  protocol: Protocol,
  { question, prompt }: AskedQuestion,
  continuation: "label" | "text",
): RankedQuestion {
  const { id, images } = question;
  const choices = protocol.choices(question);
  const requests = choices.map((choice) => ({
    id: `${id} ${choice.label}`,
    prompt,
    images,
    continuation: choice[continuation],
  }));
  return { id, choices, requests };
}

function answerOf({ id, choices, requests }: RankedQuestion, found: readonly Score[]): NewAnswer {
  const scores = requests.map(({ continuation, ...request }, index): ChoiceScore => {
    const { id: scored, logProbability = NaN, tokens = 0 } = found[index] ?? {};
    if (scored === request.id && Number.isFinite(logProbability))
      return { logProbability, tokens, characters: [...continuation].length };
    const message = `likelihood: the model returned the score ${logProbability} for "${scored}"; expected a finite score for "${request.id}".`;
    throw new MlanError("contract", message);
  });
  const prompts = found.reduce((sum, { length }) => sum + length, 0);
  const computed = found.reduce((sum, { computedPositions }) => sum + computedPositions, 0);
  const truncatedPositions = Math.max(0, ...found.map((score) => score.truncatedPositions ?? 0));
  const answer = likeliest(choices, scores, summed) ?? "";
  return { id, answer, scores, truncatedPositions, positions: { prompts, computed } };
}

/** Returns the headline metric for another ranking of the choices, with `suffix` added to its name. */
function normalized(metrics: Readonly<Record<string, Metric>>, suffix: string, ranking: Ranking): Scoring {
  const [headline] = Object.entries(metrics);
  return { metrics: headline ? { [`${headline[0]}_${suffix}`]: headline[1] } : {}, outcome: outcomeBy(ranking) };
}
