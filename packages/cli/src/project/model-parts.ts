import { checkpointPlace } from "./checkpoint-place.ts";

/** Parts to open together with a checkpoint, and the weight format. The names are those of the command options. */
export interface ModelParts {
  /** See {@link checkpointPlace}. */
  readonly tower?: string;
  /** See {@link checkpointPlace}. */
  readonly adapter?: string;
  /** Adapters by the name with which clients of a server choose them; see {@link checkpointPlace}. */
  readonly adapters?: Readonly<Record<string, string>>;
  readonly weightFormat?: string;
  /** The conversation template. Default: the checkpoint's. */
  readonly template?: string;
}

/** Converts the parts to the options of a backbone's plugin. */
export function modelParts({ tower, adapter, adapters, weightFormat, template }: ModelParts): object {
  return {
    ...(tower !== undefined && { visionTower: checkpointPlace(tower) }),
    ...(adapter !== undefined && { adapter: checkpointPlace(adapter) }),
    ...(adapters !== undefined && {
      adapters: Object.fromEntries(
        Object.entries(adapters).map(([name, checkpoint]) => [name, checkpointPlace(checkpoint)]),
      ),
    }),
    ...(weightFormat !== undefined && { weightFormat }),
    ...(template !== undefined && { template }),
  };
}
