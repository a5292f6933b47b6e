import { z } from "zod";
import type { DatasetSource } from "../contracts/dataset.ts";
import type { LedgerEntry } from "./ledger.ts";

/** The file `manifest.json` of a run: its plan, its inputs and its progress. */
export interface Manifest {
  /** Runs of format 1 do not record the content of their inputs. They can be read but not continued. */
  readonly formatVersion: 1 | 2;
  /** Everything that determines the outcome. Only an experiment with an equal plan can continue the run. */
  readonly plan: ExperimentPlan;
  /**
   * The files that the model was opened from. A run is continued only with the same content. Absent when the model's
   * source does not report its files.
   */
  readonly model?: ContentRecord;
  /** The {@link ModelInspection.notices} of the model at the start of the run. Absent when there were none. */
  readonly notices?: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  /** The places that plugins read from at the start of the run, by plugin. For information only. */
  readonly places?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly created: string;
  readonly stages: Readonly<Record<string, StageStatus>>;
}

export interface ExperimentPlan {
  readonly name: string;
  readonly seed: number;
  readonly plugins: readonly { readonly name: string; readonly settings?: unknown }[];
  readonly stages: readonly { readonly name: string; readonly kind: string; readonly settings: unknown }[];
}

/** A `Content` as it was when a run first used it. */
export interface ContentRecord {
  readonly stamp: string;
  readonly digest: string;
  /** SHA-256 of each file by name, if the content consists of files. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface StageStatus {
  readonly done: boolean;
  readonly started: string;
  readonly finished?: string;
  /** The data that the stage reads, by dataset name. A stage that has begun is continued only with the same data. */
  readonly data?: Readonly<Record<string, DataRecord>>;
  /** Fingerprint of a training stage's data, as its trainer reports it. */
  readonly dataFingerprint?: string;
  /** Path of a training stage's final checkpoint, relative to the run folder. */
  readonly checkpoint?: string;
  /** SHA-256 of the final checkpoint's `checksums.json`, if it has one. */
  readonly checkpointDigest?: string;
  readonly ledger?: LedgerEntry;
  /** Identifies the weights at the start of the stage. */
  readonly weights?: string;
  /** The finished benchmarks of an evaluation stage, by name. */
  readonly evaluated?: Readonly<Record<string, EvaluationRecord>>;
  /** Duration of the stage in seconds, over all starts of the run. */
  readonly seconds?: number;
  /** The machine on which the stage was last started, for information only. */
  readonly machine?: MachineRecord;
  /** The command that last started the stage, for information only. Absent when a program started it. */
  readonly command?: string;
  /** The warnings of the trainer, one sentence each. Absent when there were none. */
  readonly warnings?: readonly string[];
  /**
   * The run folder from which the finished stage was copied, as a URL relative to this run folder. The time, the cost
   * and the results are those of that run. Absent when this run did the work.
   */
  readonly copiedFrom?: string;
}

export interface MachineRecord {
  /** Operating system and architecture, e.g. "linux x64". */
  readonly platform: string;
  /** Model and number of the processors. */
  readonly processors: { readonly model: string; readonly count: number };
  /** In bytes. */
  readonly memory: number;
  /** Name of the compute backend, e.g. "onnx". Absent when there is none. */
  readonly compute?: string;
}

/** Digests that reveal changes of a result and of its answers. */
export interface EvaluationRecord {
  /** SHA-256 of the result as JSON. */
  readonly result: string;
  /** SHA-256 of the answer file. Absent when no answer file was written. */
  readonly answers?: string;
}

export interface DataRecord {
  /** Fingerprint of the rows, as the dataset reports it. */
  readonly fingerprint: string;
  readonly images: ContentRecord;
  /**
   * Number of examples, and of those with at least one image. This and the following fields are absent in runs of
   * earlier versions.
   */
  readonly examples?: { readonly count: number; readonly withImages: number };
  /** The datasets that the examples come from: the dataset itself, or those that a view is made of. */
  readonly sources?: readonly DatasetSource[];
  /**
   * Folders of image files, as URLs that end in a slash; each image name is relative to one of them. For information
   * only.
   */
  readonly imageFolders?: readonly string[];
}

const contentRecord = z.object({
  stamp: z.string(),
  digest: z.string(),
  files: z.record(z.string(), z.string()).exactOptional(),
});
/** Checks the fields that are recorded, and drops others. */
export const sourceSchema: z.ZodType<DatasetSource> = z.object({
  name: z.string(),
  card: z.object({
    source: z.string(),
    license: z.string(),
    citation: z.string().exactOptional(),
    modality: z.enum(["text", "image", "mixed"]),
    repository: z.string().exactOptional(),
    config: z.string().exactOptional(),
    split: z.string().exactOptional(),
    revision: z.string().exactOptional(),
    rows: z.number().exactOptional(),
  }),
});
const dataRecord = z.object({
  fingerprint: z.string(),
  images: contentRecord,
  examples: z.object({ count: z.number(), withImages: z.number() }).exactOptional(),
  sources: z.array(sourceSchema).exactOptional(),
  imageFolders: z.array(z.string()).exactOptional(),
});
/** Numbers that are not finite are null in JSON. */
const number = z.number().or(z.null().transform(() => NaN));

export const manifestSchema: z.ZodType<Manifest> = z.object({
  formatVersion: z.literal([1, 2]),
  plan: z.object({
    name: z.string(),
    seed: z.number(),
    plugins: z.array(z.object({ name: z.string(), settings: z.unknown().optional() })),
    stages: z.array(z.object({ name: z.string(), kind: z.string(), settings: z.unknown() })),
  }),
  model: contentRecord.exactOptional(),
  notices: z.array(z.string()).exactOptional(),
  versions: z.record(z.string(), z.string()),
  places: z.record(z.string(), z.record(z.string(), z.string())).exactOptional(),
  created: z.string(),
  stages: z.record(
    z.string(),
    z.object({
      done: z.boolean(),
      started: z.string(),
      finished: z.string().exactOptional(),
      data: z.record(z.string(), dataRecord).exactOptional(),
      dataFingerprint: z.string().exactOptional(),
      checkpoint: z.string().exactOptional(),
      checkpointDigest: z.string().exactOptional(),
      ledger: z
        .object({
          stage: z.string(),
          steps: number,
          text: number,
          image: number,
          padding: number,
          supervised: number,
          flops: number,
          seconds: number,
          firstLoss: number,
          lastLoss: number,
        })
        .exactOptional(),
      weights: z.string().exactOptional(),
      evaluated: z
        .record(z.string(), z.object({ result: z.string(), answers: z.string().exactOptional() }))
        .exactOptional(),
      seconds: number.exactOptional(),
      machine: z
        .object({
          platform: z.string(),
          processors: z.object({ model: z.string(), count: z.number() }),
          memory: z.number(),
          compute: z.string().exactOptional(),
        })
        .exactOptional(),
      command: z.string().exactOptional(),
      warnings: z.array(z.string()).exactOptional(),
      copiedFrom: z.string().exactOptional(),
    }),
  ),
});
