import { messageOf } from "@mlan/core";
import { deviceText } from "../device/device-list.ts";
import { BINDING_PACKAGE, bindingSources } from "./binding-sources.ts";
import { checkBinding } from "./check-binding.ts";
import { compilerCommand, findCompiler } from "./compiler.ts";
import { cudaVersions } from "./cuda/build-info.ts";
import { type TensorFlowBuild, gpuFindings } from "./cuda/gpu-findings.ts";
import { type FoundLibrary, findLibrary, NOT_FOUND_FIX } from "./find-library.ts";
import type { Finding } from "./finding.ts";
import { ELSEWHERE, isSupported, unsupported } from "./library-names.ts";
import { type InstallEnvironment, installEnvironment } from "./install-environment.ts";
import { type InstalledBinding, installedBinding } from "./installed-binding.ts";

const INSTALL_COMMAND = "npx mlan backend install tensorflow";

interface Outcome<Value> {
  readonly finding: Finding;
  readonly value: Value | undefined;
}

/**
 * Checks everything that the TensorFlow backend needs. Returns one finding per requirement, in the order of
 * installation. A missing requirement is a finding, never an error. Builds and unpacks nothing; loads an installed
 * binding in a separate process.
 */
export async function diagnoseTensorFlow(
  environment: InstallEnvironment = installEnvironment(),
): Promise<readonly Finding[]> {
  const node: Finding = {
    name: "Node",
    state: "ok",
    found: `${process.version}, ${environment.platform} ${environment.architecture}`,
  };
  if (!isSupported(environment)) {
    return [
      node,
      {
        name: "TensorFlow",
        state: "missing",
        found: withoutFix(unsupported(environment).message, ELSEWHERE),
        fix: ELSEWHERE,
      },
    ];
  }
  const sources = await findingOf(
    "tfjs-node-gpu",
    () => bindingSources(environment.bindingPackage),
    ({ version, packageFolder }) => `${version} in ${packageFolder}`,
    `npm install --ignore-scripts ${BINDING_PACKAGE}`,
  );
  const binding = await findingOf(
    "binding",
    () => installedBinding(environment) ?? missing("none was built, and the stock binding is not installed"),
    ({ file, kind }) => (kind === "built" ? file : `${file}, from tfjs-node-gpu's own installer`),
    INSTALL_COMMAND,
  );
  const computes = await computesFinding(binding.value, environment);
  const works = computes.state === "ok";
  const compiler = await findingOf(
    "C++ compiler",
    () => findCompiler(environment),
    ({ version }) => version,
    compilerCommand(environment),
  );
  const library = await findingOf(
    "TensorFlow",
    () => findLibrary(environment, { lookOnly: true }),
    ({ version, distribution, folder, foundBy }) => `${version} (${distribution}) in ${folder}, by ${foundBy}`,
    NOT_FOUND_FIX,
  );
  return [
    node,
    sources.finding,
    needed(compiler.finding, !works),
    needed(library.finding, !works),
    binding.finding,
    computes,
    ...(await gpuRequirements(binding.value, library.value, environment)),
  ];
}

/** Requirements of the build are "unused" if a binding works. */
function needed({ fix, ...finding }: Finding, isNeeded: boolean): Finding {
  if (isNeeded || finding.state === "ok") return { ...finding, ...(fix !== undefined && { fix }) };
  return { ...finding, state: "unused" };
}

async function findingOf<Value>(
  name: string,
  find: () => Value | Promise<Value>,
  found: (value: Value) => string,
  fix: string,
): Promise<Outcome<Value>> {
  try {
    const value = await find();
    return { finding: { name, state: "ok", found: found(value) }, value };
  } catch (error) {
    return { finding: { name, state: "missing", found: withoutFix(messageOf(error), fix), fix }, value: undefined };
  }
}

/** Returns the message without the fix at its end, because a finding has the fix separately. */
function withoutFix(message: string, fix: string): string {
  return (
    message
      .split(fix)[0]
      ?.replace(/ *Install (it|one): *$/, "")
      .trimEnd() ?? message
  );
}

async function computesFinding(
  binding: InstalledBinding | undefined,
  environment: InstallEnvironment,
): Promise<Finding> {
  const name = "computes";
  if (binding === undefined) return { name, state: "missing", found: "there is no binding", fix: INSTALL_COMMAND };
  try {
    const check = await checkBinding(binding, environment);
    if (!check.works) return { name, state: "broken", found: check.reason, fix: `${INSTALL_COMMAND} --force` };
    const devices = check.devices.map(deviceText).join(", ");
    const on = devices === "" ? "" : ` on ${devices}`;
    return { name, state: "ok", found: `TensorFlow ${check.tensorFlowVersion}: a matrix product and gradients${on}` };
  } catch (error) {
    return { name, state: "broken", found: messageOf(error), fix: `${INSTALL_COMMAND} --force` };
  }
}

async function gpuRequirements(
  binding: InstalledBinding | undefined,
  library: FoundLibrary | undefined,
  environment: InstallEnvironment,
): Promise<readonly Finding[]> {
  const build: TensorFlowBuild | undefined =
    binding ??
    (library && {
      libraryFolder: library.folder,
      tensorFlowVersion: library.version,
      cuda: await cudaVersions(library).catch(() => undefined),
    });
  return gpuFindings(build, environment);
}

function missing(what: string): never {
  throw new Error(what);
}
