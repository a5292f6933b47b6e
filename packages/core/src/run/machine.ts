import { cpus, totalmem } from "node:os";
import type { Compute } from "../contracts/compute.ts";
import type { MachineRecord } from "./manifest.ts";

/** Describes this machine, and the compute backend that a stage runs on. */
export function machineOf(compute: Pick<Compute, "name"> | undefined): MachineRecord {
  // Some containers report no processors.
  const processors = cpus();
  return {
    platform: `${process.platform} ${process.arch}`,
    processors: { model: processors[0]?.model.trim() ?? "unknown", count: processors.length },
    memory: totalmem(),
    ...(compute && { compute: compute.name }),
  };
}
