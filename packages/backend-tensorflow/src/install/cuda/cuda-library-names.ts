/** A CUDA library of one major version. */
export interface CudaLibraryName {
  /** For example "libcudart.so.12". */
  readonly name: string;
  /**
   * Whether TensorFlow needs it for a GPU. Other libraries are dependencies of required ones, or needed only for
   * several GPUs.
   */
  readonly required: boolean;
}

// The number in a library's name is not always CUDA's. The required libraries are those that TensorFlow opens before it
// registers a GPU: TryDlopenCUDALibraries in xla/tsl/platform/default/dlopen_checker.cc.
const BY_MAJOR: Readonly<Record<string, readonly string[]>> = {
  "11": ["libcudart.so.11.0", "libcublasLt.so.11", "libcublas.so.11", "libcufft.so.10", "libcusparse.so.11"],
  "12": ["libcudart.so.12", "libcublasLt.so.12", "libcublas.so.12", "libcufft.so.11", "libcusparse.so.12"],
  "13": ["libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcufft.so.12", "libcusparse.so.12"],
};
const SOLVER: Readonly<Record<string, string>> = {
  "11": "libcusolver.so.11",
  "12": "libcusolver.so.11",
  "13": "libcusolver.so.12",
};
const JIT_LINK: Readonly<Record<string, string>> = { "12": "libnvJitLink.so.12", "13": "libnvJitLink.so.13" };

/** Returns the libraries of a CUDA version ("12.5.1") and a cuDNN version ("9"). Each depends only on earlier ones. */
export function cudaLibraryNames(cuda: string, cudnn: string | undefined): readonly CudaLibraryName[] {
  const [major = ""] = cuda.split(".");
  const known = BY_MAJOR[major] ? major : "12";
  const [runtime = "", ...mathematics] = BY_MAJOR[known] ?? [];
  const jitLink = JIT_LINK[known];
  const [cudnnMajor = ""] = (cudnn ?? (known === "11" ? "8" : "9")).split(".");
  const required = (name: string): CudaLibraryName => ({ name, required: true });
  return [
    required(runtime),
    // cuSPARSE and cuSOLVER load it.
    ...(jitLink === undefined ? [] : [required(jitLink)]),
    ...mathematics.map(required),
    required(SOLVER[known] ?? ""),
    required(`libcudnn.so.${cudnnMajor}`),
    { name: "libnccl.so.2", required: false },
  ];
}
