import { checkpointPlace } from "./checkpoint-place.ts";

/** What is opened beside a checkpoint, and how; see the options of the same names. */
export interface ModelParts {
  /** See {@link checkpointPlace}. */
  readonly tower?: string;
  /** See {@link checkpointPlace}. */
  readonly adapter?: string;
  readonly weightFormat?: string;
  /** The conversation template. Default: the checkpoint's. */
  readonly template?: string;
}

/** The same as options of a backbone's plugin. */
export function modelParts({ tower, adapter, weightFormat, template }: ModelParts): object {
  return {
    ...(tower !== undefined && { visionTower: checkpointPlace(tower) }),
    ...(adapter !== undefined && { adapter: checkpointPlace(adapter) }),
    ...(weightFormat !== undefined && { weightFormat }),
    ...(template !== undefined && { template }),
  };
}
