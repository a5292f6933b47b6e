import type { DataTable } from "../data-table.ts";
import type { Device } from "../devices/device.ts";
import type { GraphEmitter, Operation } from "../graph.ts";
import { RecordedValue } from "../recorded-value.ts";
import type { Recording } from "../recording.ts";
import type { AdamWCall } from "./adamw-call.ts";

/** What of the backend a recorded update needs. */
interface RecordingHost {
  readonly data: DataTable;
  readonly recording: Recording;
  readonly device: Device;
}

/** Betas and epsilon, which stay the same, stand in the graph; what changes with the step is fed. */
interface Constants {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Inputs: parameter, gradient, both moments, decay, step size, and correction of the second moment. */
const ADAMW: Operation = {
  name: "ApplyAdamW",
  emit(graph, inputs, outputs, { attributes }) {
    const [parameter = "", gradient = "", first = "", second = "", decay = "", stepSize = "", correction = ""] = inputs;
    const [newParameter = "", newFirst = "", newSecond = ""] = outputs;
    const { beta1, beta2, epsilon } = attributes as Constants & typeof attributes;
    blend(graph, first, gradient, beta1, newFirst);
    blend(graph, second, graph.apply("Mul", [gradient, gradient]), beta2, newSecond);
    const deviation = graph.apply("Mul", [graph.apply("Sqrt", [newSecond]), correction]);
    const divisor = graph.apply("Add", [deviation, graph.scalar(epsilon, "float32")]);
    const step = graph.apply("Div", [graph.apply("Mul", [newFirst, stepSize]), divisor]);
    graph.node("Sub", [graph.apply("Mul", [parameter, decay]), step], [newParameter]);
  },
};

/**
 * The update of parameters and moments as recorded operations, computed at once: on a device all of it stays there.
 * Like the update in place it has the semantics of `torch.optim.AdamW`; the data ids hold new values afterwards, or,
 * when something could not be computed and is thrown, the old ones.
 */
export function recordAdamW({ data, recording, device }: RecordingHost, { parameters, numbers }: AdamWCall): void {
  const { learningRate, beta1, beta2, epsilon, step } = numbers;
  const filled = parameters.filter(({ parameter }) => !parameter.shape.includes(0));
  if (filled.length === 0) return;
  const scalar = scalars(device);
  const stepSize = scalar(learningRate / (1 - beta1 ** step));
  const correction = scalar(1 / Math.sqrt(1 - beta2 ** step));
  const updates: { readonly dataId: object; readonly value: RecordedValue }[] = [];
  try {
    for (const { parameter, gradient, firstMoment, secondMoment, weightDecay } of filled) {
      const tensors = [parameter, gradient, firstMoment, secondMoment];
      const operands = tensors.map(({ dataId, shape }) => recording.view(data.value(dataId), shape));
      const inputs = [...operands, scalar(1 - learningRate * weightDecay), stepSize, correction];
      const changed = [parameter, firstMoment, secondMoment];
      const results = changed.map(({ shape }) => ({ shape, dtype: "float32" as const }));
      const values = recording.record(ADAMW, inputs, results, { beta1, beta2, epsilon });
      for (const [index, { dataId }] of changed.entries()) {
        const value = values[index];
        if (value === undefined) continue;
        // Held until a data id holds it: what nobody holds is not computed.
        value.owners++;
        updates.push({ dataId, value });
      }
    }
    recording.flush();
    for (const { value } of updates) if (value.failure !== undefined) throw value.failure;
    for (const { dataId, value } of updates) data.replace(dataId, value);
  } finally {
    for (const { value } of updates) recording.drop(value);
  }
}

/** Leaves on the device, one for each number. Nodes that read them keep them alive until they have run. */
function scalars(device: Device): (value: number) => RecordedValue {
  const made = new Map<number, RecordedValue>();
  return (value) => {
    const known = made.get(value);
    if (known !== undefined) return known;
    const leaf = new RecordedValue([], "float32");
    leaf.storage = device.write([value], [], "float32");
    made.set(value, leaf);
    return leaf;
  };
}

/** `beta * old + (1 - beta) * now` */
function blend(graph: GraphEmitter, old: string, now: string, beta: number, output: string): void {
  const kept = graph.apply("Mul", [old, graph.scalar(beta, "float32")]);
  const added = graph.apply("Mul", [now, graph.scalar(1 - beta, "float32")]);
  graph.node("Add", [kept, added], [output]);
}
