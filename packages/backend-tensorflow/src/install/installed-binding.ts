/** A native addon that can be loaded, with what belongs to it. */
export interface InstalledBinding {
  /** The native addon. */
  readonly file: string;
  /** "stock": what tfjs-node-gpu's own installer left in its package (TensorFlow 2.9.1). */
  readonly kind: "built" | "stock";
  readonly tensorFlowVersion: string;
  /** The folder of TensorFlow's libraries. */
  readonly libraryFolder: string;
  /** CUDA libraries to load first, by absolute path, in this order; empty for a CPU build. */
  readonly cudaLibraries: readonly string[];
}

export function installedBinding(): InstalledBinding | undefined {
  const file = process.env["MLAN_TENSORFLOW_BINDING"];
  if (file === undefined) return undefined;
  return { file, kind: "built", tensorFlowVersion: "", libraryFolder: "", cudaLibraries: [] };
}
