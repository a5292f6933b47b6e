import { BackendError } from "../backend-error.ts";
import type { DataTable } from "../recording/data-table.ts";
import type { Device } from "../devices/device.ts";
import type { Attributes, GraphEmitter, Operation } from "../graph/graph.ts";
import { RecordedValue } from "../recording/recorded-value.ts";
import type { Recording } from "../recording/recording.ts";
import type { OptimizerCall } from "./optimizer-call.ts";
import type { Numbers } from "./optimizer.ts";

/** The parts of the backend that a recorded update needs. */
export interface RecordingHost {
  readonly data: DataTable;
  readonly recording: Recording;
  readonly device: Device;
}

/** An optimizer's update as an operation. Its inputs are the parameter, the gradient, the states, and the scalars. */
interface RecordedForm {
  readonly operation: Operation;
  /** Numbers that change with the step. They are inputs of the graph. */
  scalars(numbers: Numbers, weightDecay: number): readonly number[];
  /** Numbers that stay the same. They are constants of the graph. */
  attributes(numbers: Numbers): Attributes;
}

const FORMS: Readonly<Record<string, RecordedForm>> = {
  ApplyAdamW: {
    operation: { name: "ApplyAdamW", emit: emitAdamW },
    scalars(numbers, weightDecay) {
      const [learningRate, step] = [numbers.finite("learningRate"), numbers.count("step")];
      const stepSize = learningRate / (1 - numbers.finite("beta1") ** step);
      return [1 - learningRate * weightDecay, stepSize, 1 / Math.sqrt(1 - numbers.finite("beta2") ** step)];
    },
    attributes: (numbers) =>
      Object.fromEntries(["beta1", "beta2", "epsilon"].map((name) => [name, numbers.finite(name)])),
  },
  ApplySgd: {
    operation: { name: "ApplySgd", emit: emitSgd },
    scalars: (numbers, weightDecay) => [numbers.finite("learningRate"), weightDecay],
    attributes: () => ({}),
  },
  ApplyMomentum: {
    operation: { name: "ApplyMomentum", emit: emitMomentum },
    scalars: (numbers, weightDecay) => [numbers.finite("learningRate"), weightDecay],
    attributes: (numbers) => ({ momentum: numbers.finite("momentum"), nesterov: numbers.flag("nesterov") }),
  },
};

/**
 * Updates parameters and states with recorded operations, which run immediately. On a device, all values remain there.
 * As in an in-place update, the data ids get new values; they keep the old ones if this throws.
 */
export function recordOptimizer({ data, recording, device }: RecordingHost, call: OptimizerCall): void {
  const form = FORMS[call.optimizer.kernelName];
  if (form === undefined) {
    throw new BackendError(
      "unsupported",
      `${call.optimizer.kernelName} works in memory that JavaScript can access, which a tensor on ${device.provider} is not in. ` +
        "Use float32 moments, or the provider cpu.",
    );
  }
  const numbers = call.numbers(({ dataId, shape, dtype }) => {
    const { storage, failure } = data.value(dataId);
    if (failure !== undefined) throw failure;
    return (storage && device.read(storage, shape, dtype === "int32" ? dtype : "float32")[0]) ?? Number.NaN;
  });
  if (numbers.changesNothing) return;
  const scalar = scalars(device);
  const attributes = form.attributes(numbers);
  const updates: { readonly dataId: object; readonly value: RecordedValue }[] = [];
  try {
    for (const { gradient, changed, weightDecay } of call.groups) {
      const [parameter, ...states] = changed;
      if (parameter === undefined || parameter.shape.includes(0)) continue;
      const operands = [parameter, gradient, ...states].map(({ dataId, shape }) =>
        recording.view(data.value(dataId), shape),
      );
      const results = changed.map(({ shape }) => ({ shape, dtype: "float32" as const }));
      const inputs = [...operands, ...form.scalars(numbers, weightDecay).map(scalar)];
      for (const [index, value] of recording.record(form.operation, inputs, results, attributes).entries()) {
        const dataId = changed[index]?.dataId;
        if (dataId === undefined) continue;
        // Owned until a data id owns it, because values without an owner are not computed.
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

/**
 * Returns a function that creates leaves on the device, one for each distinct number. The nodes that read a leaf keep
 * it alive.
 */
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

function emitAdamW(...[graph, inputs, outputs, { attributes }]: Parameters<Operation["emit"]>): void {
  const [parameter = "", gradient = "", first = "", second = "", decay = "", stepSize = "", correction = ""] = inputs;
  const [newParameter = "", newFirst = "", newSecond = ""] = outputs;
  const { beta1, beta2, epsilon } = attributes as Readonly<Record<"beta1" | "beta2" | "epsilon", number>>;
  blend(graph, first, gradient, beta1, newFirst);
  blend(graph, second, graph.apply("Mul", [gradient, gradient]), beta2, newSecond);
  const deviation = graph.apply("Mul", [graph.apply("Sqrt", [newSecond]), correction]);
  const divisor = graph.apply("Add", [deviation, graph.scalar(epsilon, "float32")]);
  const step = graph.apply("Div", [graph.apply("Mul", [newFirst, stepSize]), divisor]);
  graph.node("Sub", [graph.apply("Mul", [parameter, decay]), step], [newParameter]);
}

/** `beta * old + (1 - beta) * now` */
function blend(graph: GraphEmitter, old: string, now: string, beta: number, output: string): void {
  const kept = graph.apply("Mul", [old, graph.scalar(beta, "float32")]);
  const added = graph.apply("Mul", [now, graph.scalar(1 - beta, "float32")]);
  graph.node("Add", [kept, added], [output]);
}

function emitSgd(...[graph, inputs, outputs]: Parameters<Operation["emit"]>): void {
  const [parameter = "", gradient = "", rate = "", decay = ""] = inputs;
  const decayed = graph.apply("Add", [gradient, graph.apply("Mul", [parameter, decay])]);
  graph.node("Sub", [parameter, graph.apply("Mul", [decayed, rate])], outputs);
}

function emitMomentum(...[graph, inputs, outputs, { attributes }]: Parameters<Operation["emit"]>): void {
  const [parameter = "", gradient = "", velocity = "", rate = "", decay = ""] = inputs;
  const [newParameter = "", newVelocity = ""] = outputs;
  const momentum = graph.scalar(Number(attributes["momentum"]), "float32");
  const decayed = graph.apply("Add", [gradient, graph.apply("Mul", [parameter, decay])]);
  graph.node("Add", [graph.apply("Mul", [velocity, momentum]), decayed], [newVelocity]);
  const ahead = (): string => graph.apply("Add", [decayed, graph.apply("Mul", [newVelocity, momentum])]);
  const direction = attributes["nesterov"] === true ? ahead() : newVelocity;
  graph.node("Sub", [parameter, graph.apply("Mul", [direction, rate])], [newParameter]);
}
