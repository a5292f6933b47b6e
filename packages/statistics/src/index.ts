export type { Interval } from "./interval.ts";
export { clustersOf } from "./clusters-of.ts";
export type { WilsonOptions } from "./wilson-interval.ts";
export { wilsonInterval } from "./wilson-interval.ts";
export type { ClusterBootstrapOptions } from "./cluster-bootstrap.ts";
export { clusterBootstrap } from "./cluster-bootstrap.ts";
export type { ClusteredValues } from "./cluster-totals.ts";
export type { ClusteredMean } from "./clustered-mean.ts";
export { clusteredMean } from "./clustered-mean.ts";
export type { ResampleOptions } from "./studentized-resamples.ts";
export type { ClusterBootstrapMeansOptions } from "./cluster-bootstrap-mean.ts";
export { clusterBootstrapMean, clusterBootstrapMeans } from "./cluster-bootstrap-mean.ts";
export type {
  PairedClusterBootstrapOptions,
  PairedClusterBootstrapsOptions,
  PairedDifference,
} from "./paired-cluster-bootstrap.ts";
export { pairedClusterBootstrap, pairedClusterBootstraps } from "./paired-cluster-bootstrap.ts";
export type { McNemarOptions } from "./exact-mcnemar.ts";
export { exactMcNemar } from "./exact-mcnemar.ts";
export { holm } from "./holm.ts";
export { designEffect } from "./design-effect.ts";
export type { DetectableEffectOptions } from "./minimum-detectable-effect.ts";
export { minimumDetectableEffect } from "./minimum-detectable-effect.ts";
export { normalQuantile } from "./normal-quantile.ts";
export { proportionInterval } from "./proportion-interval.ts";
export { studentQuantile } from "./student-quantile.ts";
