// GNU ld: undefined reference to `TF_NewStatus'; gold: the same with two equal quotes; lld: undefined symbol:
// TF_NewStatus
const LINKER = /undefined reference to [`']([^`'\n]+)'|undefined symbol: (\S+)/g;

/**
 * Returns the distinct symbols that a linker or loader reports as undefined. Leaves out those of Node-API, which the
 * process defines.
 */
export function undefinedSymbols(output: string): readonly string[] {
  const names = [...output.matchAll(LINKER)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  return [...new Set(names)].filter((name) => !/^(napi|node_api)_/.test(name)).toSorted();
}
