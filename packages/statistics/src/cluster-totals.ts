import { counted, MlanError } from "@mlan/core";
import { checkClusters } from "./checks.ts";
import { clustersOf } from "./clusters-of.ts";

export interface ClusteredValues {
  /** A number per item, e.g. 1 for a correct answer and 0 for a wrong one. */
  readonly values: readonly number[];
  /**
   * Cluster key per item. Items with the same key depend on each other; an item without a key is independent. Default:
   * all independent.
   */
  readonly clusters?: readonly (string | undefined)[];
}

/** Sum and number of values per cluster. */
export interface ClusterTotals {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/**
 * Computes the totals. Throws `invalid-options` for values that are not finite, lists of unequal length, or fewer than
 * two clusters.
 */
export function clusterTotals({ values, clusters }: ClusteredValues): ClusterTotals {
  if (clusters && clusters.length !== values.length) {
    throw new MlanError(
      "invalid-options",
      `statistics: ${counted(values.length, "value")}, but clusters of ${counted(clusters.length, "item")}; give a value and a cluster for every item.`,
    );
  }
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong !== -1) {
    throw new MlanError("invalid-options", `statistics: value ${wrong} is ${values[wrong]}; give finite numbers.`);
  }
  const places = clustersOf(clusters ?? values.map(() => undefined));
  checkClusters(places.length);
  return {
    sums: Float64Array.from(places, (cluster) => cluster.reduce((sum, place) => sum + (values[place] ?? 0), 0)),
    counts: Float64Array.from(places, ({ length }) => length),
  };
}
