export { accuracy } from "./answers/accuracy.ts";
export { digitToNumber } from "./answers/digit-to-number.ts";
export type { ExactMatchOptions } from "./answers/exact-match.ts";
export { exactMatch } from "./answers/exact-match.ts";
export { firstMention } from "./answers/first-mention.ts";
export { lead } from "./answers/lead.ts";
export type { MapByTextOptions } from "./answers/map-by-text.ts";
export { mapByText } from "./answers/map-by-text.ts";
export type { MapByWordsOptions } from "./answers/map-by-words.ts";
export { mapByWords } from "./answers/map-by-words.ts";
export { capitalize, withoutPunctuation } from "./answers/python-text.ts";
export { saysYesOrNo } from "./answers/says-yes-or-no.ts";
export { strictChoice } from "./answers/strict-choice.ts";
export { strictShortAnswer } from "./answers/strict-short-answer.ts";
export { strictYesNo } from "./answers/strict-yes-no.ts";
export { trueFalse } from "./answers/true-false.ts";
export { yesNoChoices } from "./answers/yes-no-choices.ts";
export { contentKey } from "./content-key.ts";
export type { LlavaRecord, LlavaTurn } from "./conversations/llava-record.ts";
export { conversationOf, imagesOf, llavaImages, llavaRecord, turnsOf } from "./conversations/llava-record.ts";
export type { ConversationsDefinition } from "./conversations/conversations-from.ts";
export { conversationsFrom } from "./conversations/conversations-from.ts";
export type { RowDatasetDefinition } from "./dataset-from-rows.ts";
export { datasetFromRows } from "./dataset-from-rows.ts";
export type { RowBenchmarkDefinition } from "./benchmarks/benchmark-from-rows.ts";
export { benchmarkFromRows } from "./benchmarks/benchmark-from-rows.ts";
export type {
  BenchmarkDefinition,
  BenchmarkOptions,
  JoinedBenchmarkDefinition,
  RowPlaces,
} from "./benchmarks/define-benchmark.ts";
export { defineBenchmark } from "./benchmarks/define-benchmark.ts";
export type {
  QuestionWords,
  AskingDefinition,
  JudgingDefinition,
  PromptDefinition,
} from "./benchmarks/protocol-definition.ts";
export type { Published } from "./benchmarks/published.ts";
export type { Files, FileSource } from "./files/file-source.ts";
export { localFolder } from "./files/local-folder.ts";
export type { PublishedFiles, SourceOptions } from "./files/source-options.ts";
export { cardFor, refuseTogether, sourceFrom, sourceOptions } from "./files/source-options.ts";
export type { HubDataset } from "./files/hub-folder.ts";
export { hubFolder } from "./files/hub-folder.ts";
export type { HubOptions } from "@mlan/hub";
export { imageColumn, imageFromBytes, imageFromFile } from "./images/image-reference.ts";
export { imageIdentity } from "./images/image-identity.ts";
export type { ImagePlaces } from "./images/image-store.ts";
export { checkOptions } from "@mlan/core";
export { choiceLines, letter, lettered } from "./prompts/choice-lines.ts";
export { harnessPrompt, visionHarnessPrompt } from "./prompts/raw-prompt.ts";
export type { JoinDefinition } from "./rows/joined-rows.ts";
export { joinedRows } from "./rows/joined-rows.ts";
export type { PythonValue } from "./rows/python-literal.ts";
export { parsePythonLiteral } from "./rows/python-literal.ts";
export type { LanguageExtractorOptions, LanguageProtocols, LanguageTask } from "./tasks/language-task.ts";
export { languageExtractor, languageProtocols } from "./tasks/language-task.ts";
export { openWords, shortAnswerWords } from "./tasks/open-questions.ts";
export type { OfferedChoices, VisionChoiceProtocols, VisionChoiceTask } from "./tasks/vision-choices.ts";
export { choiceWords, visionChoiceProtocols } from "./tasks/vision-choices.ts";
export type { VisionExtractorOptions, VisionWording, VisionWords } from "./tasks/vision-task.ts";
export { visionAsking, visionExtractor, visionPrompts } from "./tasks/vision-task.ts";
export type { ReadOptions, RowReader, Rows, RowsDefinition } from "./rows/rows-from.ts";
export { rowsFrom } from "./rows/rows-from.ts";
