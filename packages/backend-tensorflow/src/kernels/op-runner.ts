import { AttributeType, DataType, type OpAttribute, typeAttribute } from "../device/native-binding.ts";
import type { TensorTable } from "../device/tensor-table.ts";

/** Runs TensorFlow ops below TensorFlow.js's engine, for kernels that consist of several ops. */
export interface OpRunner {
  run(op: string, inputs: readonly number[], attributes?: readonly OpAttribute[]): number;
  runAll(op: string, inputs: readonly number[], attributes: readonly OpAttribute[], outputs: number): readonly number[];
  /** Creates a float32 scalar and returns its id. */
  scalar(value: number): number;
  integer(value: number): number;
  integers(values: readonly number[]): number;
}

export const FLOAT: OpAttribute = typeAttribute("T", DataType.float);

/** Calls `call` with a runner, then deletes the tensors that it created, except those that it returns. */
export function withOps<Results extends readonly number[]>(
  table: TensorTable,
  call: (ops: OpRunner) => Results,
): Results {
  const made: number[] = [];
  const runAll: OpRunner["runAll"] = (op, inputs, attributes, outputs) => {
    const ids = table.execute(op, attributes, inputs, outputs).map(({ id }) => id);
    made.push(...ids);
    return ids;
  };
  const create = (id: number): number => {
    made.push(id);
    return id;
  };
  let kept: readonly number[] = [];
  try {
    const results = call({
      runAll,
      run(op, inputs, attributes = [FLOAT]) {
        const [id] = runAll(op, inputs, attributes, 1);
        if (id === undefined) throw new Error(`backend-tensorflow: the op ${op} returned no result.`);
        return id;
      },
      scalar: (value) => create(table.create([], DataType.float, Float32Array.of(value))),
      integer: (value) => create(table.create([], DataType.int32, Int32Array.of(value))),
      integers: (values) => create(table.create([values.length], DataType.int32, Int32Array.from(values))),
    });
    kept = results;
    return results;
  } finally {
    for (const id of made) if (!kept.includes(id)) table.delete(id);
  }
}

export function intAttribute(name: string, value: number): OpAttribute {
  return { name, type: AttributeType.int, value };
}
