import type { Benchmark, Question } from "@mlan/core";
import {
  type BenchmarkOptions,
  defineBenchmark,
  digitToNumber,
  openWords,
  saysYesOrNo,
  shortAnswerWords,
  strictShortAnswer,
  trueFalse,
  visionAsking,
  visionExtractor,
  visionPrompts,
  type VisionWords,
  yesNoChoices,
} from "@mlan/data-kit";
import { questionRows } from "./question-rows.ts";

/**
 * `folder` contains two tables, `testdev_balanced_instructions` and `testdev_balanced_images`. Each is a folder of
 * Parquet files, or one `.parquet`, `.jsonl` or `.json` file. Default: lmms-lab/GQA on the Hub.
 */
export interface GqaOptions extends Omit<BenchmarkOptions, "file"> {}

/**
 * A question about a scene. The answer is one or a few words. `cluster` identifies the image. `kind` is the structural
 * and the semantic type of the question, e.g. "query attr".
 */
export interface GqaQuestion extends Question {
  readonly question: string;
}

const read = (answer: string): string => digitToNumber(trueFalse(answer));

/** GQA: the 12,578 questions of the balanced test-dev split. */
export const gqa: (options?: GqaOptions) => Benchmark<GqaQuestion> = defineBenchmark({
  name: "gqa",
  published: {
    repository: "lmms-lab/GQA",
    revision: "a6e72d6e1b912da88af8b2f9eba05d5ea8ec2dd8",
    config: "testdev_balanced_instructions",
    split: "testdev",
    rows: 12_578,
    license: "MIT (these files); CC-BY-4.0 (GQA)",
    citation:
      "Hudson and Manning, GQA: A New Dataset for Real-World Visual Reasoning and Compositional Question Answering, CVPR 2019",
    modality: "image",
  },
  rows: questionRows,
  id: ({ id }) => id,
  question: ({ question, answer, imageId: { id: cluster, image }, types }, id): GqaQuestion => ({
    id,
    images: [image],
    question,
    target: answer,
    cluster,
    ...(types && { kind: `${types.structural} ${types.semantic}` }),
  }),
  protocols: {
    /**
     * The prompts of `gqa_llava_plain`, `gqa_llama_plain` and `gqa_vicuna_plain`: the image comes before the whole
     * prompt, and there are no stop strings. A prompt asks for "yes" or "no" if the target contains one of these words,
     * as "snow" does.
     */
    paper: {
      version: 1,
      prompt: visionPrompts(paperWords),
      // The choices of the tuned model's prompt. The prompts of untuned models differ only for targets with capital
      // letters.
      choices: ({ target }) => (saysYesOrNo(target.toLowerCase()) ? yesNoChoices : []),
      maximumNewTokens: 8,
      // A newline does not end the answer, except in `gqa_llama_plain`.
      extractor: visionExtractor(read, { ends: '.,:"' }),
      extractorAs: { "llama2-base": visionExtractor(read, { name: "paper-llama2-base" }) },
      allowsUnanswerable: true,
    },
    /** Every question asks for a short answer, so that the prompt does not depend on the target. */
    strict: {
      version: 1,
      ...visionAsking(({ question }: GqaQuestion) => shortAnswerWords(question)),
      maximumNewTokens: 8,
      extractor: strictShortAnswer,
    },
  },
});

function paperWords(question: GqaQuestion): VisionWords {
  const words = openWords(question);
  if (!saysYesOrNo(question.target)) return words;
  const answerStart = 'Among "yes" and "no", the best answer is "';
  return { ...words, "llama2-base": { user: `Question: ${question.question}`, answerStart } };
}
