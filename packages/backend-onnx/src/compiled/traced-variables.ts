import * as tf from "@tensorflow/tfjs-core";
import type { Variable } from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import type { OnnxBackend } from "../onnx-backend.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";

/** The variables that exist at the beginning of a trace, by value and by data id. */
export interface TracedVariables {
  of(value: RecordedValue): Variable | undefined;
  holding(dataId: object): Variable | undefined;
  /** Must be called after an in-place update, because the update gives variables new values. */
  refresh(): void;
  /** Returns the variables that were assigned a different tensor during the trace. */
  assigned(): Variable[];
  /** Whether variables were created during the trace. */
  createdNew(): boolean;
  /** Throws if a variable was assigned. An in-place update would change its previous tensor. */
  refuseAssigned(kernelName: string): void;
}

/**
 * Returns the existing variables. Variables with the same data get separate copies first, so that an assignment to one
 * does not affect another.
 */
export function tracedVariables(backend: OnnxBackend): TracedVariables {
  const variables = variablesOn(backend);
  const values = new Map<RecordedValue, Variable>();
  for (const variable of variables) {
    if (values.has(backend.data.value(variable.dataId))) copyData(backend, variable);
    values.set(backend.data.value(variable.dataId), variable);
  }
  const before = new Map<Variable, object>(variables.map((variable) => [variable, variable.dataId]));
  const assigned = (): Variable[] => variables.filter((variable) => before.get(variable) !== variable.dataId);
  return {
    of: (value) => values.get(value),
    holding: (dataId) => variables.find((variable) => variable.dataId === dataId),
    refresh() {
      values.clear();
      for (const variable of variables) values.set(backend.data.value(variable.dataId), variable);
    },
    assigned,
    createdNew: () => variablesOn(backend).some((variable) => !before.has(variable)),
    refuseAssigned(kernelName) {
      const [variable] = assigned();
      if (variable === undefined) return;
      throw new BackendError(
        "unsupported",
        `the variable ${variable.name} is assigned before ${kernelName} runs in the same compiled function. ` +
          "Assign it after the update, or in a separate function.",
      );
    },
  };
}

function variablesOn(backend: OnnxBackend): Variable[] {
  const { registeredVariables, tensorInfo } = tf.engine().state;
  return Object.values(registeredVariables).filter(({ dataId }) => tensorInfo.get(dataId)?.backend === backend);
}

function copyData(backend: OnnxBackend, variable: Variable): void {
  const copy = tf.tensor(backend.readSync(variable.dataId), variable.shape, variable.dtype);
  variable.assign(copy);
  copy.dispose();
}
