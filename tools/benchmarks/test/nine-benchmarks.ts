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

/**
 * A world with 10 to 36 questions per benchmark, fewest for the longest prompts, and no tuning data. POPE and GQA have more
 * questions than the largest batch.
 */
export function smallWorld(folder: URL): Promise<Miniworld> {
  return writeMiniworld(folder, {
    raceArticles: 10,
    openbookqaQuestions: 12,
    boolqQuestions: 12,
    hellaswagSources: 5,
    realworldqaImages: 12,
    ai2dImages: 4,
    popeImages: 9,
    gqaImages: 9,
    scienceqaImages: 4,
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
