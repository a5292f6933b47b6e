/** A node that ONNX Runtime has run. */
export interface RunNode {
  /** The name of a node of the graph that this package wrote, or a name that ONNX Runtime derived from such a name. */
  readonly name: string;
  readonly operatorType: string;
  readonly provider: string;
  readonly milliseconds: number;
}

/** The used fields of a profiler event. Durations are in microseconds. */
interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: { readonly op_name?: string; readonly provider?: string };
}

const KERNEL = "_kernel_time";

/** Returns the nodes of each run, in order, from a session's profile. */
export function readProfile(text: string): readonly (readonly RunNode[])[] {
  const runs: RunNode[][] = [];
  let nodes: RunNode[] = [];
  for (const { cat, name, dur, args } of JSON.parse(text) as readonly TraceEvent[]) {
    if (cat === "Node" && name.endsWith(KERNEL)) {
      const { op_name: operatorType = "", provider = "" } = args;
      nodes.push({ name: name.slice(0, -KERNEL.length), operatorType, provider, milliseconds: dur / 1000 });
    } else if (name === "model_run") {
      // An event is written when it ends, so a run follows its nodes.
      runs.push(nodes);
      nodes = [];
    }
  }
  return runs;
}
