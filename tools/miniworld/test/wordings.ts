import { ai2dImage } from "../../../packages/data-miniworld/src/ai2d.ts";
import { boolqRow } from "../../../packages/data-miniworld/src/boolq.ts";
import { gqaImage } from "../../../packages/data-miniworld/src/gqa.ts";
import { hellaswagRow } from "../../../packages/data-miniworld/src/hellaswag.ts";
import { openbookqaRow } from "../../../packages/data-miniworld/src/openbookqa.ts";
import { popeImage } from "../../../packages/data-miniworld/src/pope.ts";
import { raceRow } from "../../../packages/data-miniworld/src/race.ts";
import { realworldqaImage } from "../../../packages/data-miniworld/src/realworldqa.ts";
import { scienceqaGroup } from "../../../packages/data-miniworld/src/scienceqa.ts";
import { maskedWords } from "./masked-words.ts";

/** Returns the wordings of each benchmark's questions, masked. Those of fewer than three words are left out. */
export function benchmarkWordings(): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    Object.entries(QUESTIONS).map(([name, questions]) => {
      const wordings = SEEDS.flatMap((seed) => questions(seed)).map(maskedWords);
      return [name, new Set(wordings.filter((wording) => wording.trim().split(" ").length >= 3))];
    }),
  );
}

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

const QUESTIONS: Readonly<Record<string, (seed: number) => readonly string[]>> = {
  race: (seed) =>
    [...raceRow(seed, seed).problems.matchAll(/'question': ['"](.*?)['"], 'answer'/g)].map(([, it]) => it ?? ""),
  openbookqa: (seed) => [openbookqaRow(seed, seed).question_stem],
  boolq: (seed) => [boolqRow(seed, seed).question],
  hellaswag: (seed) => {
    const { activity_label, ctx_a, endings } = hellaswagRow(seed, seed);
    const [, header = "", title = ""] = /\[header\] (.*) \[title\] (.*) \[step\]/.exec(ctx_a) ?? [];
    const steps = header === "" ? [] : endings.map((ending) => ending.replace(/.*\] /, ""));
    return [activity_label, header, title, ...steps];
  },
  realworldqa: (seed) => realworldqaImage(seed, seed).rows.map(({ question }) => question.replace(/\?.*/s, "?")),
  ai2d: (seed) => ai2dImage(seed, seed).rows.map(({ question }) => question),
  pope: (seed) => popeImage(seed, seed).rows.map(({ question }) => question),
  gqa: (seed) => gqaImage(seed, seed).rows.map(({ question }) => question),
  scienceqa: (seed) =>
    scienceqaGroup(seed, seed).rows.flatMap(({ question, image, hint }) => [question, image === null ? "" : hint]),
};
