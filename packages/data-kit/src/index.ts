export { accuracy, exactMatch } from "./answers/metrics.ts";
export type { MapByTextOptions, MapByWordsOptions } from "./answers/paper-answers.ts";
export { digitToNumber, textBefore, mapByText, mapByWords, saysYesOrNo, trueFalse } from "./answers/paper-answers.ts";
export type { ExactMatchOptions } from "./answers/metrics.ts";
export {
  anyOf,
  firstMention,
  strictAnswer,
  strictChoice,
  strictShortAnswer,
  strictYesNo,
  yesNoChoices,
} from "./answers/strict-extractors.ts";
export { capitalize, withoutPunctuation } from "./answers/python-text.ts";
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
export type { HubOptions } from "@mlan/hub";
export { imageColumn, imageFromBytes, imageFromFile } from "./images/image-reference.ts";
export { imageIdentity } from "./images/image-identity.ts";
export type { ImagePlaces } from "./images/image-store.ts";
export { checkOptions } from "@mlan/core";
export { choiceLines, letter, lettered } from "./prompts/choice-lines.ts";
export { type NumberedImages, numberedImages } from "./prompts/numbered-images.ts";
export { languageHarnessPrompt, visionHarnessPrompt } from "./prompts/raw-prompt.ts";
export type { JoinDefinition } from "./rows/joined-rows.ts";
export { joinedRows } from "./rows/joined-rows.ts";
export { pythonList } from "./rows/python-list.ts";
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
