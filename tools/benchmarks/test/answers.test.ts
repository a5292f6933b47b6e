import { describeAnswers } from "./answers.ts";

// A text and an image whose questions share long beginnings; other-answers.test.ts has the other benchmarks.
await describeAnswers(["hellaswag", "pope"]);
