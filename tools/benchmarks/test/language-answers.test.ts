import { describeAnswers } from "./answers.ts";

await describeAnswers(["race", "openbookqa", "boolq", "hellaswag"]);
