import { checkpointPlace } from "./checkpoint-place.ts";

/** Parts to open with a checkpoint, and the weight format; see the command options of the same names. */
export interface ModelParts {
  /** See {@link checkpointPlace}. */
  readonly tower?: string;
  /** See {@link checkpointPlace}. */
  readonly adapter?: string;
  readonly weightFormat?: string;
  /** The conversation template. Default: the checkpoint's. */
  readonly template?: string;
}

/** Converts the parts to the options of a backbone's plugin. */
export function modelParts({ tower, adapter, weightFormat, template }: ModelParts): object {
  return {
    ...(tower !== undefined && { visionTower: checkpointPlace(tower) }),
    ...(adapter !== undefined && { adapter: checkpointPlace(adapter) }),
    ...(weightFormat !== undefined && { weightFormat }),
    ...(template !== undefined && { template }),
  };
}
