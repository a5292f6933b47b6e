/** The texts on which the tokenizer is trained. */
import { deriveSeed, V1_SYSTEM_PROMPT } from "@mlan/core";
import { ai2dImage } from "../../packages/data-miniworld/src/ai2d.ts";
import { boolqRow } from "../../packages/data-miniworld/src/boolq.ts";
import { gqaImage } from "../../packages/data-miniworld/src/gqa.ts";
import { hellaswagRow } from "../../packages/data-miniworld/src/hellaswag.ts";
import { openbookqaRow } from "../../packages/data-miniworld/src/openbookqa.ts";
import { popeImage } from "../../packages/data-miniworld/src/pope.ts";
import { raceRow } from "../../packages/data-miniworld/src/race.ts";
import { realworldqaImage } from "../../packages/data-miniworld/src/realworldqa.ts";
import { scienceqaGroup } from "../../packages/data-miniworld/src/scienceqa.ts";
import { languageItem } from "../../packages/data-miniworld/src/tuning.ts";
import { chat } from "./chats.ts";
import { bareLists, cues, inventory, matching, places, questions } from "./documents.ts";

/**
 * Yields samples of all texts of the world, and of the texts around them: the benchmarks' prompts and the two
 * templates.
 */
export function* sampleTexts(seed: number): Iterable<string> {
  for (let index = 0; index < 2000; index++) {
    for (const document of [inventory, places, matching, cues, bareLists, questions]) yield document(seed, index);
    for (const { text } of chat(seed, index)) yield text;
    const { passage, question } = boolqRow(index, index);
    yield `Context: ${passage}\nQuestion: ${question}? The best answer is "yes" or 'no'. User: Assistant: Among`;
    const { problems } = raceRow(index, index);
    yield `${problems.replaceAll(
      /['"]\w+['"]:/g,
      " ",
    )} Choose the best option from the choices provided to complete the sentence:`;
    const { activity_label, ctx, endings } = hellaswagRow(index, index);
    yield [`${activity_label}: ${ctx.replaceAll(/\[\w+\]/g, "")} Choose the best option from below:`, ...endings].join(
      "\n",
    );
    yield openbookqaRow(index, index).question_stem;
    for (const draw of [popeImage, ai2dImage, gqaImage, realworldqaImage, scienceqaGroup]) {
      for (const row of draw(index, index).rows)
        yield `\n${row.question} Please provide a short answer to the question:`;
    }
    for (const { value } of languageItem(deriveSeed(seed, `sample ${index}`), "").row.conversations)
      yield `${value}\n${value}`;
    yield `${V1_SYSTEM_PROMPT} USER: Yes ASSISTANT: No`;
  }
}
