import { describeAnswers } from "./answers.ts";

await describeAnswers(["race", "openbookqa", "boolq", "realworldqa", "ai2d", "gqa", "scienceqa"]);
