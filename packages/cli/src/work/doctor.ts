import { messageOf } from "@mlan/core";
import { textTable } from "@mlan/eval-kit";
import type { Finding } from "@mlan/backend-tensorflow";
import { withCommandName } from "../project/command-name.ts";
import { importTensorFlow, INSTALL_TRAINER_GPU } from "../project/import-tensorflow.ts";

export interface Diagnosis {
  readonly onnx: readonly Finding[];
  readonly tensorFlow: readonly Finding[];
  /** Whether at least one backend works. */
  readonly computes: boolean;
}

/** Checks all backends. Reports missing parts and never throws for them. */
export async function diagnose(): Promise<Diagnosis> {
  const onnx = [await onnxFinding()];
  const tensorFlow = await tensorFlowFindings();
  const computes = [...onnx, ...tensorFlow].some(({ name, state }) => name === "computes" && state === "ok");
  return { onnx, tensorFlow, computes };
}

/** Returns a table per backend. A missing part is followed by the command that installs it. */
export function diagnosisLines({ onnx, tensorFlow }: Diagnosis): readonly string[] {
  return [...section("onnx", onnx), "", ...section("tensorflow", tensorFlow)];
}

function section(backend: string, findings: readonly Finding[]): readonly string[] {
  const rows = findings.flatMap(({ name, state, found, fix }) => {
    const [first = "", ...others] = found.split("\n");
    const fixes =
      fix === undefined
        ? []
        : withCommandName(fix)
            .split("\n")
            .map((line, index) => `${index === 0 ? "->" : "  "} ${line}`);
    return [[name, state, first], ...[...others, ...fixes].map((line) => ["", "", line])];
  });
  const columns = [`backend ${backend}`, "state", "found"].map((title) => ({ title, align: "left" as const }));
  return textTable({ columns, rows });
}

async function onnxFinding(): Promise<Finding> {
  const name = "computes";
  try {
    const { useOnnxBackend } = await import("@mlan/backend-onnx");
    const tf = await import("@tensorflow/tfjs-core");
    await useOnnxBackend();
    const square = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const product = [...(await tf.matMul(square, square).data())].join(", ");
    if (product === "7, 10, 15, 22") return { name, state: "ok", found: "a matrix product on the CPU" };
    return { name, state: "broken", found: `a matrix product is ${product} instead of 7, 10, 15, 22` };
  } catch (error) {
    return { name, state: "broken", found: messageOf(error), fix: "npm install --ignore-scripts @mlan/backend-onnx" };
  }
}

async function tensorFlowFindings(): Promise<readonly Finding[]> {
  const name = "package";
  try {
    const { diagnoseTensorFlow } = await importTensorFlow();
    return await diagnoseTensorFlow();
  } catch (error) {
    const [found = ""] = messageOf(error).split(" Install it:");
    return [{ name, state: "unused", found, fix: INSTALL_TRAINER_GPU }];
  }
}
