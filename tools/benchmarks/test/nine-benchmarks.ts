import type { Benchmark } from "@mlan/core";
import { ai2d } from "@mlan/data-ai2d";
import { boolq } from "@mlan/data-boolq";
import { gqa } from "@mlan/data-gqa";
import { hellaswag } from "@mlan/data-hellaswag";
import { type Miniworld, writeMiniworld } from "@mlan/data-miniworld";
import { openbookqa } from "@mlan/data-openbookqa";
import { pope } from "@mlan/data-pope";
import { race } from "@mlan/data-race";
import { realworldqa } from "@mlan/data-realworldqa";
import { scienceqa } from "@mlan/data-scienceqa";

export type BenchmarkName =
  | "race"
  | "openbookqa"
  | "boolq"
  | "hellaswag"
  | "realworldqa"
  | "ai2d"
  | "pope"
  | "gqa"
  | "scienceqa";

/** What a world has by default is more than a test needs: benchmarks of about as many questions, and no tuning data. */
export function smallWorld(folder: URL, questions: number): Promise<Miniworld> {
  return writeMiniworld(folder, {
    raceArticles: questions,
    openbookqaQuestions: questions,
    boolqQuestions: questions,
    hellaswagSources: Math.ceil(questions / 2),
    realworldqaImages: questions,
    ai2dImages: Math.ceil(questions / 3),
    popeImages: Math.ceil(questions / 4),
    gqaImages: Math.ceil(questions / 4),
    scienceqaImages: Math.ceil(questions / 4),
    captions: 0,
    instructions: 0,
  });
}

export function benchmarksOf(world: Miniworld): Readonly<Record<BenchmarkName, Benchmark>> {
  return {
    race: race({ folder: world.race }),
    openbookqa: openbookqa({ folder: world.openbookqa }),
    boolq: boolq({ folder: world.boolq }),
    hellaswag: hellaswag({ folder: world.hellaswag }),
    realworldqa: realworldqa({ folder: world.realworldqa }),
    ai2d: ai2d({ folder: world.ai2d }),
    pope: pope({ folder: world.pope }),
    gqa: gqa({ folder: world.gqa }),
    scienceqa: scienceqa({ folder: world.scienceqa }),
  };
}
