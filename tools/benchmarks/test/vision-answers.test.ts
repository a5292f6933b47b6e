import { describeAnswers } from "./answers.ts";

await describeAnswers(["realworldqa", "ai2d", "pope", "gqa", "scienceqa"]);
