import { counted } from "@mlan/core";
import { textTable } from "@mlan/eval-kit";
import type { Finding, InstallReport } from "@mlan/backend-tensorflow";
import { withCommandName } from "../project/command-name.ts";
import { pathAt } from "../project/folders.ts";
import { duration } from "@mlan/run-view";
import { importTensorFlow } from "../project/import-tensorflow.ts";

export interface InstallBackendOptions {
  readonly wheel?: string;
  readonly library?: string;
  readonly python?: string;
  readonly force?: boolean;
}

/** Installs the native code of the TensorFlow backend. Returns a report, line by line. */
export async function installBackend(
  options: InstallBackendOptions,
  report: (line: string) => void,
): Promise<readonly string[]> {
  const { installTensorFlow } = await importTensorFlow();
  const given = (["wheel", "library", "python"] as const).flatMap((name) => {
    const path = options[name];
    return path === undefined ? [] : [[name, pathAt(path)] as const];
  });
  const paths = Object.fromEntries(given);
  return installReport(await installTensorFlow({ ...options, ...paths, report }));
}

function installReport(report: InstallReport): readonly string[] {
  const { cuda } = report;
  const found = cuda && `${cuda.cuda ?? "of unknown version"}, cuDNN ${cuda.cudnn ?? "of unknown version"}`;
  const rows = [
    ["TensorFlow", `${report.tensorFlowVersion} (${report.distribution}), by ${report.foundBy}`],
    ["library", report.libraryFolder],
    ["binding", `tfjs-node-gpu ${report.bindingVersion}, ${report.built ? "built" : "already built"}: ${report.file}`],
    ["compiler", report.compiler],
    [
      "CUDA",
      found ? `${found}: ${counted(cuda.found.length, "library", "libraries")} found` : "none: a build for the CPU",
    ],
    ...(cuda?.missing.length ? [["", `missing: ${cuda.missing.join(", ")}`]] : []),
    ["computes on", report.devices.map(deviceText).join(", ")],
    ["took", duration(report.seconds)],
  ];
  const table = textTable({
    columns: [
      { title: "", align: "left" },
      { title: "", align: "left" },
    ],
    rows,
  });
  return [...table.slice(1), ...report.gpu.flatMap(fixLines)];
}

function deviceText({ name, type, bytes }: InstallReport["devices"][number]): string {
  const [, number = ""] = /:(\d+)$/.exec(name) ?? [];
  return type === "CPU" || !bytes ? type : `${type} ${number} (${(bytes / 2 ** 30).toFixed(1)} GiB)`;
}

function fixLines({ name, state, found, fix }: Finding): readonly string[] {
  if (state === "ok" || state === "unused") return [];
  return ["", `For the GPU, ${name}: ${found}`, ...(fix === undefined ? [] : [`  ${withCommandName(fix)}`])];
}
