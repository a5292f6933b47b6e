import type { GraphEmitter } from "../../graph/graph.ts";
import type { OutputNode } from "../tools/operation.ts";

/** Maximum number of tensors that are added one after the other. More would lose digits, see `long-sum.ts`. */
const LONGEST_RUN = 64;

/** Writes the sum of any number of float32 tensors. */
export function addTerms(graph: GraphEmitter, terms: readonly string[]): OutputNode {
  let level = terms;
  while (level.length > LONGEST_RUN) {
    const { length } = level;
    const runs = Array.from({ length: Math.ceil(length / LONGEST_RUN) }, (_, run) =>
      level.slice(run * LONGEST_RUN, (run + 1) * LONGEST_RUN),
    );
    level = runs.map((run) => graph.apply("Sum", run));
  }
  return ["Sum", level];
}
